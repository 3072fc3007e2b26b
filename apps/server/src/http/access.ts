import type { Session as SessionAnswer } from '@bulwark/protocol';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { RequestError } from './errors.ts';
import { clearSessionCookie, readSessionCookie } from './session-cookie.ts';

/** Who may use a route: anybody, whoever is signed in, or administrators. */
export type Access = 'public' | 'session' | 'administrator';

/** A signed-in user's session, as routes see it. */
export interface ActiveSession {
  /** Names the session; cannot be turned back into its token. */
  readonly id: string;
  readonly user: SessionAnswer['user'];
  readonly csrfToken: string;
  /** ms since the epoch, however much it is used. */
  readonly expiresAt: number;
}

/** What access control needs to know of sessions. */
export interface SessionLookup {
  /** @param token Any text. Undefined where it is of no session that lives. */
  find(token: string): Promise<ActiveSession | undefined>;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** The session of the request. Throws on a public route: those act for nobody. */
    session: ActiveSession;
  }
}

const sessions = new WeakMap<FastifyRequest, ActiveSession>();

/** The session whose rights a request uses; undefined on a public route. */
export function sessionInUse(request: FastifyRequest): ActiveSession | undefined {
  return sessions.get(request);
}

/**
 * Lets a request through to its route's handler only with the route's `config.access`; without a session it is refused
 * before its body is read. An app with a route that lacks `access`, `limit` or a response schema does not start.
 */
export function controlAccess(app: FastifyInstance, lookup: SessionLookup): void {
  app.decorateRequest('session', {
    getter(this: FastifyRequest) {
      const session = sessions.get(this);
      if (session === undefined) throw new RequestError('ERR_SESSION');
      return session;
    },
  });

  app.addHook('onRoute', requireDeclarations);

  app.addHook('onRequest', async (request, reply) => {
    // Without a route there is nothing to protect: the answer is 404 or 405.
    if (request.is404) return;
    const { access } = request.routeOptions.config;
    if (access === 'public') return;

    const token = readSessionCookie(request);
    const session = token === undefined ? undefined : await lookup.find(token);
    if (session === undefined) {
      if (token !== undefined) clearSessionCookie(reply);
      throw new RequestError('ERR_SESSION');
    }
    if (access !== 'session' && session.user.role !== access) throw new RequestError('ERR_ROLE');
    sessions.set(request, session);
  });
}

function requireDeclarations({ method, url, config, schema }: RouteOptions): void {
  const missing = [
    config?.access === undefined && 'config.access',
    config?.limit === undefined && 'config.limit',
    schema?.response === undefined && 'schema.response',
  ].filter((name) => name !== false);
  if (missing.length > 0) throw new Error(`route ${String(method)} ${url} lacks ${missing.join(', ')}`);
}
