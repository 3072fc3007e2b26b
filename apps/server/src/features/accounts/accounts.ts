import type { PasswordParameters } from '@bulwark/crypto';
import type { FastifyBaseLogger } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { createPasswords } from './passwords.ts';
import { accountRoutes } from './routes.ts';
import { sessionStore } from './session-store.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { createSetup, type Setup } from './setup.ts';
import { createSignIn } from './sign-in.ts';
import { type UserStoreDeps, userStore } from './user-store.ts';

const SWEEP_EVERY_MS = 60_000;

interface AccountsDeps extends UserStoreDeps {
  /** Origin of the console, `https://host[:port]`; starts the set-up link. */
  publicUrl: string;
  log: FastifyBaseLogger;
  config: { idleMinutes: number; absoluteHours: number; signInPerMinute: number };
  /** Of new password hashes; others are renewed at sign-in. */
  passwordCost?: PasswordParameters;
}

/** Users and their sessions. */
export interface Accounts {
  readonly routes: FastifyPluginAsyncZod;
  readonly sessions: Sessions;
  readonly setupUrl: Setup['url'];
  readonly ensureConfiguredUser: Setup['ensureConfiguredUser'];
  /** Ends the sweeping of old sessions. */
  close(): void;
}

export async function createAccounts({
  publicUrl,
  log,
  config,
  passwordCost,
  ...deps
}: AccountsDeps): Promise<Accounts> {
  const { db, now } = deps;
  const { idleMinutes, absoluteHours, signInPerMinute } = config;
  const users = userStore(deps);
  const passwords = await createPasswords(passwordCost);
  const sessions = createSessions({
    store: sessionStore(db),
    users,
    now,
    idleMs: idleMinutes * 60_000,
    absoluteMs: absoluteHours * 3_600_000,
  });
  const setup = await createSetup({ users, passwords, publicUrl, log });
  const signIn = createSignIn({ users, passwords, log, attemptsPerMinute: signInPerMinute });

  const sweeping = setInterval(() => {
    sessions.sweep().catch((err: unknown) => log.error({ event: 'session.sweep_failed', err }, 'sweeping failed'));
  }, SWEEP_EVERY_MS);
  sweeping.unref();

  return {
    routes: accountRoutes({ setup, signIn, sessions, signInPerMinute, now }),
    sessions,
    setupUrl: setup.url,
    ensureConfiguredUser: setup.ensureConfiguredUser,
    close: () => clearInterval(sweeping),
  };
}
