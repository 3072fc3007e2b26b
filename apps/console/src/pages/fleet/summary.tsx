import type { FleetSummary, MachineStatus } from '@bulwark/protocol';
import type { ReactNode } from 'react';
import { formatCount, formatPercent } from '../../format/number.ts';
import { Skeleton } from '../../ui/skeleton.tsx';
import { STATUS_NAMES, StatusShape } from '../../ui/status.tsx';
import { STATUSES } from './fleet-search.ts';
import css from './summary.module.css';

const AVERAGES = [
  ['cpu', 'Mean CPU'],
  ['memory', 'Mean memory'],
  ['disk', 'Mean disk'],
] as const;

/** How many machines are in which state, and what those online do on average. */
export function Summary({ summary }: { summary: FleetSummary | undefined }) {
  return (
    <section aria-label="Summary">
      <div className={css.stripe} aria-hidden="true">
        {summary &&
          STATUSES.filter((status) => summary[status] > 0).map((status) => (
            <span key={status} className={css[status]} style={{ flexGrow: summary[status] }} />
          ))}
      </div>
      <dl className={css.summary}>
        <Figure label="Machines">{summary && formatCount(summary.machines)}</Figure>
        {STATUSES.map((status) => (
          <StatusFigure key={status} status={status} count={summary?.[status]} />
        ))}
        {AVERAGES.map(([name, label]) => (
          <Figure key={name} label={label}>
            {summary && formatPercent(summary.averages[name])}
          </Figure>
        ))}
      </dl>
    </section>
  );
}

function StatusFigure({ status, count }: { status: MachineStatus; count: number | undefined }) {
  return (
    <Figure
      label={
        <>
          <StatusShape status={status} />
          {STATUS_NAMES[status]}
        </>
      }
      none={count === 0}
    >
      {count !== undefined && formatCount(count)}
    </Figure>
  );
}

function Figure({ label, none = false, children }: { label: ReactNode; none?: boolean; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd className={none ? css.none : undefined}>{children || <Skeleton width="3ch" />}</dd>
    </div>
  );
}
