import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  json<T = Record<string, unknown>>(): T;
}

export interface CallOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array | string;
  /** Sent as JSON. */
  readonly json?: unknown;
}

export type Call = (path: string, options?: CallOptions) => Promise<HttpAnswer>;

/** HTTPS to one server whose certificate is of the given authority. */
export async function httpsCaller(url: string, caFile: string): Promise<{ call: Call; close(): void }> {
  const agent = new Agent({ ca: await readFile(caFile), keepAlive: true });
  return {
    call(path, options = {}) {
      const body = options.json === undefined ? options.body : JSON.stringify(options.json);
      const headers = {
        ...(options.json !== undefined && { 'content-type': 'application/json' }),
        ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
        ...options.headers,
      };
      return new Promise((resolve, reject) => {
        const asking = request(new URL(path, url), { agent, method: options.method ?? 'GET', headers }, (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk) => chunks.push(chunk));
          answer.on('error', reject);
          answer.on('end', () => {
            const bytes = Buffer.concat(chunks);
            resolve({
              status: answer.statusCode ?? 0,
              headers: answer.headers,
              body: bytes,
              json: () => JSON.parse(bytes.toString('utf8')),
            });
          });
        });
        asking.on('error', reject);
        asking.end(body);
      });
    },
    close: () => agent.destroy(),
  };
}

export const ADMINISTRATOR = { username: 'ada', password: 'correct horse battery staple' };

/**
 * Signs the administrator in, creating it where a set-up link is given.
 *
 * @returns Headers of its session, as a browser would send them.
 */
export async function signIn(call: Call, url: string, setupUrl: string | undefined): Promise<Record<string, string>> {
  const token = setupUrl?.split('#')[1];
  const page = { origin: url, 'sec-fetch-site': 'same-origin' };
  const answer = await call(token === undefined ? '/api/session' : '/api/setup', {
    method: 'POST',
    headers: page,
    json: token === undefined ? ADMINISTRATOR : { token, ...ADMINISTRATOR },
  });
  if (answer.status !== 200) throw new Error(`signing in answered ${answer.status}: ${answer.body}`);
  const [cookie = ''] = answer.headers['set-cookie'] ?? [];
  const { csrfToken } = answer.json<{ csrfToken: string }>();
  return { ...page, cookie: cookie.split(';')[0] ?? '', 'x-bulwark-csrf': csrfToken };
}
