import { once } from 'node:events';
import { Agent, type RequestOptions, request } from 'node:https';
import { AgentError } from './errors.ts';

export interface ServerAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** Seconds that the server asks to wait; undefined where it does not. */
  readonly retryAfterSeconds: number | undefined;
}

/** HTTPS to one server over one connection that stays open. */
export interface ServerLink {
  get(path: string, signal?: AbortSignal): Promise<ServerAnswer>;
  post(
    path: string,
    body: Uint8Array,
    options: { contentType: string; token?: string; signal?: AbortSignal },
  ): Promise<ServerAnswer>;
  close(): void;
}

export interface LinkOptions {
  /** Authorities to trust instead of the system's, PEM; null for the system's. */
  readonly ca: string | null;
  readonly verify: boolean;
}

const TIMEOUT_MS = 20_000;
const ANSWER_BYTES_MAX = 1024 * 1024;

export function openLink(serverUrl: string, { ca, verify }: LinkOptions): ServerLink {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 1,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: verify,
    ...(ca !== null && { ca }),
  });

  async function call(path: string, options: RequestOptions, body?: Uint8Array): Promise<ServerAnswer> {
    const url = new URL(path, serverUrl);
    const asking = request(url, { agent, timeout: TIMEOUT_MS, ...options });
    asking.on('timeout', () => asking.destroy(new Error('no answer in time')));
    asking.end(body);
    try {
      const [answer] = await once(asking, 'response', options.signal ? { signal: options.signal } : {});
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of answer) {
        length += chunk.length;
        if (length > ANSWER_BYTES_MAX) throw new Error('the answer is too long');
        chunks.push(chunk);
      }
      const wait = Number(answer.headers['retry-after']);
      return {
        status: answer.statusCode,
        body: Buffer.concat(chunks),
        retryAfterSeconds: Number.isFinite(wait) && wait > 0 ? wait : undefined,
      };
    } catch (cause) {
      asking.destroy();
      throw new AgentError('ERR_SERVER_UNREACHABLE', `${url.origin} does not answer (${reasonOf(cause)})`, { cause });
    }
  }

  return {
    get: (path, signal) => call(path, { method: 'GET', ...(signal && { signal }) }),
    post: (path, body, { contentType, token, signal }) =>
      call(
        path,
        {
          method: 'POST',
          headers: {
            'content-type': contentType,
            'content-length': body.length,
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
          },
          ...(signal && { signal }),
        },
        body,
      ),
    close: () => agent.destroy(),
  };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown reason';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
