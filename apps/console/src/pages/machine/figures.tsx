import type { ReactNode } from 'react';
import { formatByteRate, formatBytes } from '../../format/bytes.ts';
import { formatCount, formatPercent, formatPlural, NO_VALUE } from '../../format/number.ts';
import { formatValue } from '../../format/value.ts';
import css from './figures.module.css';
import type { Latest } from './latest.ts';

/** The machine in seven numbers, as of its last report. */
export function Figures({ latest }: { latest: Latest }) {
  const cores = latest.instances('cpu.core').length;
  const disk = fullestDisk(latest);
  return (
    <dl className={css.figures} aria-label="Latest values">
      <Figure label="CPU" more={cores > 0 && `of ${formatPlural(cores, 'thread')}`}>
        {formatPercent(latest.one('cpu.total'))}
      </Figure>
      <Figure label="Memory" more={bytesOf(latest.one('memory.used'), latest.one('memory.total'))}>
        {formatPercent(latest.one('memory.percent'))}
      </Figure>
      <Figure label="Fullest disk" more={disk?.mount}>
        {formatPercent(disk?.percent)}
      </Figure>
      <Figure label="Network" more={`out ${rate(latest.sum('network.send'))}`}>
        {rate(latest.sum('network.receive'))}
      </Figure>
      <Figure
        label="Load"
        more={`${formatValue(latest.one('load.5m'), 'load')} · ${formatValue(latest.one('load.15m'), 'load')}`}
      >
        {formatValue(latest.one('load.1m'), 'load')}
      </Figure>
      <Figure label="Processes" more={people(latest.one('users.count'))}>
        {formatValue(latest.one('processes.count'), 'count')}
      </Figure>
      <Figure label="Uptime">{formatValue(latest.one('uptime'), 'seconds')}</Figure>
    </dl>
  );
}

function Figure({ label, more, children }: { label: string; more?: ReactNode; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <div className={css.value}>{children}</div>
        <div className={css.more}>{more}</div>
      </dd>
    </div>
  );
}

function fullestDisk(latest: Latest): { mount: string; percent: number } | undefined {
  return latest
    .instances('disk.percent')
    .map((mount) => ({ mount, percent: latest.one('disk.percent', mount) ?? 0 }))
    .sort((one, other) => other.percent - one.percent)[0];
}

function rate(bytesPerSecond: number | null): string {
  return bytesPerSecond === null ? NO_VALUE : formatByteRate(bytesPerSecond);
}

function bytesOf(used: number | null, total: number | null): string | undefined {
  return used === null || total === null ? undefined : `${formatBytes(used)} of ${formatBytes(total)}`;
}

function people(count: number | null): string | undefined {
  return count === null ? undefined : `${formatCount(count)} signed in`;
}
