import { createHash, createHmac } from 'node:crypto';
import { decodeBase64Url, encodeBase64Url, randomBytes } from '@bulwark/crypto';
import type { ActiveSession, SessionLookup } from '../../http/access.ts';
import type { SessionStore } from './session-store.ts';
import type { User, UserStore } from './user-store.ts';

const TOKEN_BYTES = 32;
/** In base64url. */
const TOKEN_LENGTH = 43;
/** So that a page that asks every second does not write every second. */
const TOUCH_EVERY_MS = 60_000;

interface SessionsDeps {
  store: SessionStore;
  users: UserStore;
  now: () => number;
  /** A session ends when it is not used for so long. */
  idleMs: number;
  /** A session ends after so long, however much it is used. */
  absoluteMs: number;
}

type EndListener = (sessionId: string) => void;

/** Sessions that live in the database, so that what is removed there is over on the next request. */
export interface Sessions extends SessionLookup {
  /** Starts a session under a new token. The token goes into the cookie and nowhere else. */
  start(user: User): Promise<{ token: string; session: ActiveSession }>;
  /** @param token Any text; of no session, nothing happens. */
  end(token: string): Promise<void>;
  /** Removes sessions that are over from the database. */
  sweep(): Promise<void>;
  /** Calls back with the id of each session that ends in this process. @returns what stops that */
  onEnd(listener: EndListener): () => void;
}

export function createSessions({ store, users, now, idleMs, absoluteMs }: SessionsDeps): Sessions {
  const listeners = new Set<EndListener>();
  const moment = () => ({ now: now(), idleSince: now() - idleMs });
  const announceEnd = (hash: Buffer) => {
    for (const listener of listeners) listener(encodeBase64Url(hash));
  };

  function describe(token: Buffer, user: User, expiresAt: number): ActiveSession {
    return { id: encodeBase64Url(hashOf(token)), user, csrfToken: csrfTokenOf(token), expiresAt };
  }

  return {
    async start(user) {
      const token = randomBytes(TOKEN_BYTES);
      const createdAt = now();
      const expiresAt = createdAt + absoluteMs;
      await store.add({ tokenHash: hashOf(token), userId: user.id, createdAt, expiresAt });
      return { token: encodeBase64Url(token), session: describe(token, user, expiresAt) };
    },

    async find(text) {
      const token = parseToken(text);
      if (token === undefined) return undefined;
      const hash = hashOf(token);
      const row = await store.find(hash, moment());
      if (row === undefined) return undefined;
      if (row.last_used_at <= now() - TOUCH_EVERY_MS) await store.touch(hash, now());
      return describe(token, users.toUser(row), row.expires_at);
    },

    async end(text) {
      const token = parseToken(text);
      if (token === undefined) return;
      const hash = hashOf(token);
      if (await store.remove(hash)) announceEnd(hash);
    },

    async sweep() {
      for (const hash of await store.removeEnded(moment())) announceEnd(hash);
    },

    onEnd(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

// 256 random bits need no salt and no slow hash: there is nothing to guess.
function hashOf(token: Buffer): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Made from the secret that only the cookie holds, so it needs no place of its own and dies with the session. */
function csrfTokenOf(token: Buffer): string {
  return encodeBase64Url(createHmac('sha256', token).update('bw1/csrf').digest());
}

function parseToken(text: string): Buffer | undefined {
  if (text.length !== TOKEN_LENGTH) return undefined;
  try {
    return decodeBase64Url(text);
  } catch {
    return undefined; // not the one base64url form of any bytes
  }
}
