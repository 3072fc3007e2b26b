import { Session, SetupRequest, SetupState, SignInRequest } from '@bulwark/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ActiveSession } from '../../http/access.ts';
import { clearSessionCookie, readSessionCookie, setSessionCookie } from '../../http/session-cookie.ts';
import type { Sessions } from './sessions.ts';
import type { Setup } from './setup.ts';
import type { SignIn } from './sign-in.ts';
import type { User } from './user-store.ts';

interface RouteDeps {
  setup: Setup;
  signIn: SignIn;
  sessions: Sessions;
  signInPerMinute: number;
  now: () => number;
}

/** Set-up of the first administrator, sign-in, the session, sign-out. Registered by app.ts under /api. */
export function accountRoutes({ setup, signIn, sessions, signInPerMinute, now }: RouteDeps): FastifyPluginAsyncZod {
  const reading = { max: 300, windowSeconds: 60 };
  const guessing = { max: signInPerMinute, windowSeconds: 60 };

  /** A new token at each sign-in; the browser's old session, which it forgets now, ends with it. */
  async function open(user: User, request: FastifyRequest, reply: FastifyReply): Promise<Session> {
    const previous = readSessionCookie(request);
    if (previous !== undefined) await sessions.end(previous);
    const { token, session } = await sessions.start(user);
    setSessionCookie(reply, token, Math.floor((session.expiresAt - now()) / 1000));
    return answer(session);
  }

  return async (app) => {
    app.get(
      '/setup',
      { config: { access: 'public', limit: reading }, schema: { response: { 200: SetupState } } },
      async () => ({ needed: await setup.isNeeded() }),
    );

    app.post(
      '/setup',
      { config: { access: 'public', limit: guessing }, schema: { body: SetupRequest, response: { 200: Session } } },
      async (request, reply) => open(await setup.complete(request.body), request, reply),
    );

    app.post(
      '/session',
      { config: { access: 'public', limit: guessing }, schema: { body: SignInRequest, response: { 200: Session } } },
      async (request, reply) => open(await signIn(request.body, request.ip), request, reply),
    );

    app.get(
      '/session',
      { config: { access: 'session', limit: reading }, schema: { response: { 200: Session } } },
      async (request) => answer(request.session),
    );

    app.delete(
      '/session',
      { config: { access: 'session', limit: reading }, schema: { response: { 204: z.undefined() } } },
      async (request, reply) => {
        await sessions.end(readSessionCookie(request) ?? '');
        clearSessionCookie(reply);
        return reply.code(204).send();
      },
    );
  };
}

function answer({ user, csrfToken, expiresAt }: ActiveSession): Session {
  return { user, csrfToken, expiresAt };
}
