import type { MachineDetail, MachineInfo } from '@bulwark/protocol';
import type { ReactNode } from 'react';
import { formatBytes } from '../../format/bytes.ts';
import { formatPlural } from '../../format/number.ts';
import { Moment } from '../../ui/moment.tsx';
import { PlainTable } from '../../ui/plain-table.tsx';
import { Section } from '../../ui/section.tsx';
import css from './information.module.css';

/** What the machine is: hardware, system and addresses. */
export function Information({ machine, info }: { machine: MachineDetail; info: MachineInfo }) {
  const { os, cpu } = info;
  const facts: [name: string, value: ReactNode][] = [
    ['Host name', info.hostname],
    ['System', `${os.name} ${os.version}`],
    ['Kernel', `${os.kernel} · ${os.arch}`],
    ['Processor', cpu.model],
    ['Cores', `${formatPlural(cpu.cores, 'core')}, ${formatPlural(cpu.threads, 'thread')}`],
    ['Memory', formatBytes(info.memoryBytes)],
    ['Graphics', info.gpus.join(', ')],
    ['Hardware', [info.vendor, info.model].filter(Boolean).join(' ')],
    ['Serial number', info.serial],
    ['Virtualization', info.virtualization || 'None'],
    ['Time zone', info.timeZone],
    ['Started', <Moment key="started" at={info.bootedAt} />],
    ['Enrolled', <Moment key="enrolled" at={machine.enrolledAt} />],
    ['Agent', info.agentVersion],
    ['Reports', `every ${formatPlural(machine.intervalSeconds, 'second')}`],
    ['Machine id', machine.id],
  ];
  return (
    <Section title="Information">
      <dl className={css.facts}>
        {facts
          .filter(([, value]) => value !== '')
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </Section>
  );
}

/** The machine's network interfaces and their addresses. */
export function Interfaces({ info }: { info: MachineInfo }) {
  if (info.interfaces.length === 0) return null;
  return (
    <Section title="Interfaces">
      <PlainTable
        label="Interfaces"
        columns={[['Interface'], ['Addresses', 'long'], ['MAC', 'minor']]}
        rows={info.interfaces.map(({ name, mac, addresses }) => ({
          key: name,
          cells: [name, addresses.join(', '), mac],
        }))}
      />
    </Section>
  );
}
