import { createLimiter } from '@bulwark/guard';
import type { SignInRequest } from '@bulwark/protocol';
import type { FastifyBaseLogger } from 'fastify';
import { RequestError } from '../../http/errors.ts';
import type { Passwords } from './passwords.ts';
import type { User, UserStore } from './user-store.ts';

interface SignInDeps {
  users: UserStore;
  passwords: Passwords;
  log: FastifyBaseLogger;
  /** Attempts on one account from anywhere, right or wrong. */
  attemptsPerMinute: number;
}

/**
 * Checks a name and a password. What is wrong is never said, and shows neither in the answer nor in its time.
 *
 * @param address Whence the attempt comes, for the log.
 * @throws RequestError ERR_SIGN_IN, ERR_RATE_LIMIT, ERR_BUSY
 */
export type SignIn = (request: SignInRequest, address: string) => Promise<User>;

export function createSignIn({ users, passwords, log, attemptsPerMinute }: SignInDeps): SignIn {
  // Names that nobody has are counted like the others, or the limit would tell them apart. The routes limit addresses.
  const limiter = createLimiter({ max: attemptsPerMinute, windowSeconds: 60 });

  return async function signIn({ username, password }, address) {
    const index = users.indexOf(username);
    // Enough to recognise an account by, and too little to look up anything with.
    const facts = { address, account: index.toString('hex', 0, 4) };

    const { isAllowed, resetSeconds } = await limiter.count(index.toString('hex'));
    if (!isAllowed) {
      log.warn({ event: 'sign_in.limited', ...facts }, 'too many sign-ins on one account');
      throw new RequestError('ERR_RATE_LIMIT', { retryAfterSeconds: resetSeconds });
    }

    const found = await users.findByIndex(index);
    const isRight = await passwords.verify(password, found?.passwordHash);
    if (found === undefined || !isRight) {
      log.warn({ event: 'sign_in.failed', ...facts }, 'sign-in failed');
      throw new RequestError('ERR_SIGN_IN');
    }

    const upgraded = await passwords.upgrade(password, found.passwordHash);
    if (upgraded !== undefined) await users.setPasswordHash(found.user.id, upgraded);
    log.info({ event: 'sign_in.succeeded', ...facts, user: found.user.id }, 'signed in');
    return found.user;
  };
}
