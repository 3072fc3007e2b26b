import type { Batteries, Users } from '@bulwark/protocol';
import { formatPercent } from '../../format/number.ts';
import { Moment } from '../../ui/moment.tsx';
import { PlainTable } from '../../ui/plain-table.tsx';
import { Section } from '../../ui/section.tsx';

/** Who is signed in on the machine. */
export function SignedInUsers({ users }: { users: Users | null }) {
  if (users === null || users.length === 0) return null;
  return (
    <Section title="Signed-in users">
      <PlainTable
        label="Signed-in users"
        columns={[['User'], ['Terminal', 'quiet'], ['From', 'long'], ['Since', 'number']]}
        rows={users.map(({ name, terminal, host, since }) => ({
          key: `${name} ${terminal} ${since}`,
          cells: [name, terminal, host, <Moment key="since" at={since} />],
        }))}
      />
    </Section>
  );
}

/** What a laptop or a battery-backed server runs on. */
export function BatteryTable({ batteries }: { batteries: Batteries | null }) {
  if (batteries === null || batteries.length === 0) return null;
  return (
    <Section title="Batteries">
      <PlainTable
        label="Batteries"
        columns={[['Battery'], ['Charge', 'number'], ['State', 'quiet'], ['Cycles', 'number']]}
        rows={batteries.map(({ name, percent, charging, cycles }) => ({
          key: name,
          cells: [name, formatPercent(percent), charging ? 'Charging' : 'On battery', cycles ?? ''],
        }))}
      />
    </Section>
  );
}
