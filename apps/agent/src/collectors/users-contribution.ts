import type { Users } from '@bulwark/protocol';
import { count, text } from './limits.ts';
import type { Contribution } from './reading.ts';

const SESSIONS_MAX = 64; // the protocol's limit

/** Sessions as a document, oldest first, and the number of different users who have one. */
export function usersContribution(sessions: Users): Contribution {
  const users = new Set(sessions.map(({ name }) => name)).size;
  return {
    points: [{ metric: 'users.count', instance: '', value: users }],
    states: {
      users: sessions
        .map(({ name, terminal, host, since }) => ({
          name: text(name),
          terminal: text(terminal),
          host: text(host),
          since: count(since),
        }))
        .sort((a, b) => a.since - b.since)
        .slice(0, SESSIONS_MAX),
    },
  };
}
