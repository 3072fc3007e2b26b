import { request } from 'node:https';
import { type Check, runCheck } from './check.ts';

const TIMEOUT_MS = 5000;

/** Routes that must tell nothing to somebody without a session. */
export const DATA_ROUTES = ['/api/fleet', '/api/machines', '/api/protection'] as const;

/**
 * The server answers under its public address with a certificate that verifies, and keeps its data to itself.
 *
 * @param ca PEM of the authority to trust instead of the system's roots.
 */
export async function checkServer(publicUrl: string, ca: Buffer | undefined): Promise<Check[]> {
  const answers = await runCheck('server-answers', 'Server answers over verified TLS', async () => {
    const { status, protocol } = await get(new URL('/healthz', publicUrl), ca).catch((error: unknown) => {
      throw Object.assign(new Error(`${publicUrl}: ${reason(error)}`), {
        fix: 'start it: bulwark up, or bulwark server',
      });
    });
    if (status >= 500) return { state: 'failed', detail: `${publicUrl} answers ${status}`, fix: 'see its log' };
    return { detail: `${publicUrl}, ${protocol}` };
  });
  const title = 'Data needs a session';
  if (answers.state === 'failed') {
    return [answers, { id: 'web-access', title, state: 'failed', detail: 'not checked: the server does not answer' }];
  }
  const access = await runCheck('web-access', title, async () => {
    const open: string[] = [];
    for (const route of DATA_ROUTES) {
      const { status } = await get(new URL(route, publicUrl), ca);
      if (status !== 401) open.push(`${route} (${status})`);
    }
    if (open.length === 0) return { detail: `${DATA_ROUTES.length} routes answer 401` };
    return {
      state: 'failed',
      detail: `answered without a session: ${open.join(', ')}`,
      fix: 'take the server off the network',
    };
  });
  return [answers, access];
}

/** No keep-alive, no redirects; the body is not wanted. */
function get(url: URL, ca: Buffer | undefined): Promise<{ status: number; protocol: string }> {
  return new Promise((resolve, reject) => {
    const options = { agent: false, timeout: TIMEOUT_MS, ...(ca === undefined ? {} : { ca }) } as const;
    const asking = request(url, options, (response) => {
      const socket = response.socket as import('node:tls').TLSSocket;
      resolve({ status: response.statusCode ?? 0, protocol: socket.getProtocol() ?? 'TLS' });
      response.destroy();
    });
    asking.on('timeout', () => asking.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    asking.on('error', reject);
    asking.end();
  });
}

/** Errors of sockets may come as a group without a message, one for each address of a name. */
function reason(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message || code || 'no connection';
}
