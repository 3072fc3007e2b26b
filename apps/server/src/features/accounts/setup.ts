import { createHash } from 'node:crypto';
import { constantTimeEqual, encodeBase64Url, randomBytes } from '@bulwark/crypto';
import { type SetupRequest, Username } from '@bulwark/protocol';
import type { FastifyBaseLogger } from 'fastify';
import { RequestError } from '../../http/errors.ts';
import { weaknessOf } from './new-password.ts';
import type { Passwords } from './passwords.ts';
import type { User, UserStore } from './user-store.ts';

const TOKEN_BYTES = 32;

interface SetupDeps {
  users: UserStore;
  passwords: Passwords;
  publicUrl: string;
  log: FastifyBaseLogger;
}

/** Creation of the first administrator: once, by whoever holds the link or by the configuration. */
export interface Setup {
  isNeeded(): Promise<boolean>;
  /**
   * The link for whoever may create the first administrator. Its token, 256 random bits, is only in this process's
   * memory, and void once there is a user or the process ends. Undefined where there is a user.
   */
  url(): string | undefined;
  /** @throws RequestError ERR_SETUP_DONE, ERR_SETUP_TOKEN, ERR_PASSWORD_WEAK */
  complete(request: SetupRequest): Promise<User>;
  /** Creates the administrator that the configuration names, where there is no user at all. */
  ensureConfiguredUser(username: string, password: string): Promise<void>;
}

export async function createSetup({ users, passwords, publicUrl, log }: SetupDeps): Promise<Setup> {
  let isDone = await users.hasAny();
  let token = isDone ? undefined : encodeBase64Url(randomBytes(TOKEN_BYTES));

  async function isNeeded(): Promise<boolean> {
    // Once there is a user there always is, so that it need not be asked again.
    isDone ||= await users.hasAny();
    if (isDone) token = undefined;
    return !isDone;
  }

  /** Undefined where another was first. */
  async function create(username: string, password: string): Promise<User | undefined> {
    const passwordHash = await passwords.hash(password);
    const user = await users.createFirst({ username, passwordHash, role: 'administrator' });
    isDone = true;
    token = undefined;
    if (user) log.info({ event: 'setup.completed', user: user.id }, 'first administrator created');
    return user;
  }

  return {
    isNeeded,

    // Behind the #, which browsers keep to themselves: no log on the way has it.
    url: () => token && `${publicUrl}/setup#${token}`,

    async complete({ token: given, username, password }) {
      if (!(await isNeeded())) throw new RequestError('ERR_SETUP_DONE');
      if (token === undefined || !isSameToken(given, token)) throw new RequestError('ERR_SETUP_TOKEN');
      const weakness = weaknessOf(password, username);
      if (weakness !== undefined) throw new RequestError('ERR_PASSWORD_WEAK', { message: weakness });
      const user = await create(username, password);
      if (user === undefined) throw new RequestError('ERR_SETUP_DONE');
      return user;
    },

    async ensureConfiguredUser(username, password) {
      if (!(await isNeeded())) return;
      const checked = Username.safeParse(username);
      if (!checked.success) throw new Error('server.web_username: letters, digits and . _ @ + - only');
      if (weaknessOf(password, username) !== undefined) {
        log.warn({ event: 'setup.weak_password' }, 'server.web_password is easy to guess; choose a longer one');
      }
      await create(checked.data, password);
    },
  };
}

// Hashes are of one length, whatever was given.
function isSameToken(given: string, token: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return constantTimeEqual(hash(given), hash(token));
}
