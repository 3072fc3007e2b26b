import type { Processes } from '@bulwark/protocol';
import { formatBytes } from '../../format/bytes.ts';
import { formatPercent } from '../../format/number.ts';
import { PlainTable } from '../../ui/plain-table.tsx';
import { Section } from '../../ui/section.tsx';

const COLUMNS = [
  ['Process', 'long'],
  ['User', 'quiet'],
  ['PID', 'number'],
  ['CPU', 'number'],
  ['Memory', 'number'],
] as const;

/** The five processes that use most of the CPU, and the five with most memory. */
export function ProcessTables({ processes }: { processes: Processes }) {
  return (
    <>
      <ProcessTable title="Most CPU" processes={processes.topByCpu} />
      <ProcessTable title="Most memory" processes={processes.topByMemory} />
    </>
  );
}

function ProcessTable({ title, processes }: { title: string; processes: Processes['topByCpu'] }) {
  return (
    <Section title={title}>
      <PlainTable
        label={title}
        columns={COLUMNS}
        rows={processes.map(({ pid, name, user, cpu, memoryBytes }) => ({
          key: pid,
          cells: [name, user, pid, formatPercent(cpu), formatBytes(memoryBytes)],
        }))}
      />
    </Section>
  );
}
