import type { ApiError, EnrolmentToken, Session, SetupRequest, SignInRequest } from '@bulwark/protocol';
import { ApiFailure, UNREACHABLE } from './errors.ts';

const TIMEOUT_MS = 20_000;

interface RequestOptions {
  body?: unknown;
  signal?: AbortSignal | undefined;
}

/**
 * Talks to the server that this page came from. It holds the session's CSRF token, in memory only: the session itself
 * is a cookie that no script can read. Answers are trusted to have the shape in `protocol`: page and server are one build.
 */
export class Client {
  #csrfToken: string | undefined;
  /** Called when the server no longer knows the session. */
  onSignedOut: () => void = () => {};

  /** @throws ApiFailure */
  get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.#forSession<T>('GET', path, { signal });
  }

  /** The session of the cookie, undefined when there is none. @throws ApiFailure */
  async readSession(signal?: AbortSignal): Promise<Session | undefined> {
    try {
      return this.#keep(await this.#send<Session>('GET', '/api/session', { signal }));
    } catch (error) {
      if (error instanceof ApiFailure && error.status === 401) return undefined;
      throw error;
    }
  }

  /** @throws ApiFailure with status 401 for a wrong name or password, which the server doesn't tell apart. */
  async signIn(request: SignInRequest): Promise<Session> {
    return this.#keep(await this.#send<Session>('POST', '/api/session', { body: request }));
  }

  /** Creates the first administrator and signs in. @throws ApiFailure */
  async setUp(request: SetupRequest): Promise<Session> {
    return this.#keep(await this.#send<Session>('POST', '/api/setup', { body: request }));
  }

  /** @throws ApiFailure */
  async signOut(): Promise<void> {
    await this.#send<void>('DELETE', '/api/session');
    this.#csrfToken = undefined;
  }

  /** A token that lets one machine in, for as long as the server allows by default. @throws ApiFailure */
  createEnrolmentToken(): Promise<EnrolmentToken> {
    return this.#forSession<EnrolmentToken>('POST', '/api/enrolment-tokens', { body: {} });
  }

  /** Refuses everything the machine sends from now on. @throws ApiFailure */
  revokeMachine(machineId: string): Promise<void> {
    return this.#forSession<void>('POST', `/api/machines/${encodeURIComponent(machineId)}/revoke`);
  }

  #keep(session: Session): Session {
    this.#csrfToken = session.csrfToken;
    return session;
  }

  async #forSession<T>(method: string, path: string, options?: RequestOptions): Promise<T> {
    try {
      return await this.#send<T>(method, path, options);
    } catch (error) {
      if (error instanceof ApiFailure && error.status === 401) {
        this.#csrfToken = undefined;
        this.onSignedOut();
      }
      throw error;
    }
  }

  async #send<T>(method: string, path: string, { body, signal }: RequestOptions = {}): Promise<T> {
    const headers = new Headers({ Accept: 'application/json' });
    if (body !== undefined) headers.set('Content-Type', 'application/json');
    if (method !== 'GET' && this.#csrfToken !== undefined) headers.set('X-Bulwark-CSRF', this.#csrfToken);

    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    let response: Response;
    let text: string;
    try {
      response = await fetch(path, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        credentials: 'same-origin',
        cache: 'no-store',
        redirect: 'error',
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      text = await response.text();
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new ApiFailure(UNREACHABLE, 0, 'The server cannot be reached.', { cause });
    }
    if (!response.ok) throw failureFrom(response.status, text);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}

function failureFrom(status: number, text: string): ApiFailure {
  try {
    const { error } = JSON.parse(text) as ApiError;
    return new ApiFailure(error.code, status, error.message);
  } catch {
    // A proxy in between answers in its own words, if at all.
    return new ApiFailure('ERR_ANSWER', status, `The server answered with status ${status}.`);
  }
}
