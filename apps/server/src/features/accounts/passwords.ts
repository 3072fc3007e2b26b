import {
  encodeBase64Url,
  hashPassword,
  needsRehash,
  type PasswordParameters,
  randomBytes,
  verifyPassword,
} from '@bulwark/crypto';
import { createQueue } from './verification-queue.ts';

// Each takes 64 MiB and a core for a good part of a second; those that wait do so for some three seconds at most.
const LIMITS = { running: 2, waiting: 16 };

/** Hashes and checks passwords, two at a time; more than wait in line fail with RequestError ERR_BUSY. */
export interface Passwords {
  hash(password: string): Promise<string>;
  /** @param hash undefined where there is no such user: takes as long as if there were, and is never right */
  verify(password: string, hash: string | undefined): Promise<boolean>;
  /** A new hash where the old one was made at another cost than today's. */
  upgrade(password: string, hash: string): Promise<string | undefined>;
}

/** @param cost Of new hashes; that of @bulwark/crypto where undefined. */
export async function createPasswords(cost?: PasswordParameters): Promise<Passwords> {
  const run = createQueue(LIMITS);
  // Of today's cost, like those of users, so that it takes as long to check.
  const nobodysHash = await hashPassword(encodeBase64Url(randomBytes(32)), cost);
  const hash = (password: string) => run(() => hashPassword(password, cost));

  return {
    hash,
    async verify(password, userHash) {
      const isRight = await run(() => verifyPassword(password, userHash ?? nobodysHash));
      return isRight && userHash !== undefined;
    },
    async upgrade(password, userHash) {
      return needsRehash(userHash, cost) ? hash(password) : undefined;
    },
  };
}
