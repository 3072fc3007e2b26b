import type { MachineInfo } from '@bulwark/protocol';
import { formatBytes } from '../../format/bytes.ts';
import { NO_VALUE } from '../../format/number.ts';
import { Meter } from '../../ui/meter.tsx';
import { PlainTable } from '../../ui/plain-table.tsx';
import { Section } from '../../ui/section.tsx';
import type { Latest } from './latest.ts';

const COLUMNS = [
  ['Mount', 'long'],
  ['Device', 'minor'],
  ['Used', 'number'],
  ['Size', 'number'],
  ['Full', 'meter'],
] as const;

/** Each file system and how full it is. */
export function Disks({ latest, info }: { latest: Latest; info: MachineInfo | null }) {
  const mounts = latest.instances('disk.total');
  if (mounts.length === 0) return null;
  return (
    <Section title="File systems">
      <PlainTable
        label="File systems"
        columns={COLUMNS}
        rows={mounts.map((mount) => {
          const disk = info?.disks.find((one) => one.mount === mount);
          return {
            key: mount,
            cells: [
              mount,
              disk ? `${disk.device} · ${disk.type}` : NO_VALUE,
              bytes(latest.one('disk.used', mount)),
              bytes(latest.one('disk.total', mount)),
              <Meter key="meter" percent={latest.one('disk.percent', mount)} />,
            ],
          };
        })}
      />
    </Section>
  );
}

function bytes(value: number | null): string {
  return value === null ? NO_VALUE : formatBytes(value);
}
