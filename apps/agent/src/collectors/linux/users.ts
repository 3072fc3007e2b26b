import type { Users } from '@bulwark/protocol';
import type { Collect } from '../reading.ts';
import { usersContribution } from '../users-contribution.ts';
import { parseKeyValues } from './key-values.ts';
import type { Tree } from './tree.ts';
import { parseUtmp } from './utmp.ts';

const UTMP = '/run/utmp';
const LOGIND_SESSIONS = '/run/systemd/sessions';

/** Who is logged in: from utmp, or from logind where the distribution has given utmp up (its times end in 2038). */
export function usersCollector(tree: Tree): Collect {
  return async () => usersContribution(tree.exists(UTMP) ? await utmpSessions(tree) : await logindSessions(tree));
}

async function utmpSessions(tree: Tree): Promise<Users> {
  return parseUtmp(await tree.readBytes(UTMP))
    .filter(({ pid }) => tree.exists(`/proc/${pid}`))
    .map(({ session }) => session);
}

/** The files that libsystemd's sd_session_get_… read. Greeters, cron jobs and service managers are other classes. */
async function logindSessions(tree: Tree): Promise<Users> {
  const sessions: Users = [];
  for (const id of await tree.list(LOGIND_SESSIONS)) {
    const session = parseKeyValues(await tree.readIfAny(`${LOGIND_SESSIONS}/${id}`), '=');
    if (session.get('CLASS') !== 'user' || session.get('STATE') === 'closing') continue;
    sessions.push({
      name: session.get('USER') ?? '',
      terminal: session.get('TTY') ?? '',
      host: session.get('REMOTE_HOST') ?? '',
      since: Number(session.get('REALTIME')) / 1000, // from microseconds
    });
  }
  return sessions;
}
