import type { Collect } from '../reading.ts';
import { systemInformation } from '../system-information.ts';
import { usersContribution } from '../users-contribution.ts';

/** Who is logged in. What they run is left aside: it comes with arguments. */
export const usersCollector: Collect = async () => {
  const si = await systemInformation();
  const sessions = await si.users();
  return usersContribution(
    sessions.map(({ user, tty, ip, date, time }) => ({
      name: user,
      terminal: tty,
      host: ip,
      since: new Date(`${date} ${time}`).getTime(), // local time, as who(1) prints it
    })),
  );
};
