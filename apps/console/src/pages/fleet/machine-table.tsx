import type { MachineQuery, MachineRow } from '@bulwark/protocol';
import { Link } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useEffectEvent, useLayoutEffect, useRef, useState } from 'react';
import type { MachineFilter } from '../../api/queries.ts';
import { NO_VALUE } from '../../format/number.ts';
import { useMediaQuery } from '../../preferences/scheme.ts';
import { Meter } from '../../ui/meter.tsx';
import { Ago } from '../../ui/moment.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { Sparkline } from '../../ui/sparkline.tsx';
import { Status, shownStatus } from '../../ui/status.tsx';
import css from './machine-table.module.css';

interface Column {
  label: string;
  /** Missing where there is no order to speak of. */
  sort?: MachineQuery['sort'];
  width: string;
  className?: string | undefined;
}

/** The table's columns, in order. */
export const COLUMNS: readonly Column[] = [
  { label: 'Name', sort: 'name', width: '24%' },
  { label: 'Status', sort: 'status', width: '10%' },
  { label: 'CPU', sort: 'cpu', width: '14%' },
  { label: 'Memory', sort: 'memory', width: '14%' },
  { label: 'Fullest disk', sort: 'disk', width: '14%' },
  { label: 'CPU, last hour', width: '144px', className: css.spark },
  { label: 'Last seen', sort: 'lastSeen', width: '10%' },
];

// The heights that the style sheet gives a row, and a card on a narrow screen.
const ROW_PX = 53;
const CARD_PX = 120;
const narrow = matchMedia('(max-width: 46rem)');

interface MachineTableProps {
  total: number | undefined;
  rowAt: (index: number) => MachineRow | undefined;
  /** The server's clock, ms. */
  now: number;
  filter: MachineFilter;
  onSort: (column: MachineQuery['sort']) => void;
  /** Told which rows are in view, or nearly. */
  onView: (first: number, last: number) => void;
}

/** A table as long as the fleet of which only the rows in view exist. It scrolls with the page. */
export function MachineTable({ total = 10, rowAt, now, filter, onSort, onView }: MachineTableProps) {
  const table = useRef<HTMLTableElement>(null);
  const [scrollMargin, setScrollMargin] = useState(0);
  const rowPx = useMediaQuery(narrow) ? CARD_PX : ROW_PX;
  const virtual = useWindowVirtualizer({ count: total, estimateSize: () => rowPx, overscan: 8, scrollMargin });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;

  useLayoutEffect(() => {
    if (table.current) setScrollMargin(Math.round(table.current.getBoundingClientRect().top + scrollY));
  });
  // Measured again when rows turn to cards and back.
  useLayoutEffect(() => virtual.measure(), [rowPx, virtual]);
  const tellView = useEffectEvent(onView);
  useEffect(() => tellView(first, last), [first, last]);

  const above = (items[0]?.start ?? scrollMargin) - scrollMargin;
  const below = virtual.getTotalSize() - above - items.length * rowPx;
  return (
    <table ref={table} className={css.table} aria-label="Machines" aria-rowcount={total + 1}>
      <colgroup>
        {COLUMNS.map(({ label, width, className }) => (
          <col key={label} className={className} style={{ width }} />
        ))}
      </colgroup>
      <thead>
        <tr>
          {COLUMNS.map((column) => (
            <ColumnHead key={column.label} column={column} filter={filter} onSort={onSort} />
          ))}
        </tr>
      </thead>
      <tbody>
        <Spacer px={above} />
        {items.map(({ index }) => (
          <Row key={index} index={index} row={rowAt(index)} now={now} />
        ))}
        <Spacer px={below} />
      </tbody>
    </table>
  );
}

interface ColumnHeadProps {
  column: Column;
  filter: MachineFilter;
  onSort: (column: MachineQuery['sort']) => void;
}

function ColumnHead({ column: { label, sort, className }, filter, onSort }: ColumnHeadProps) {
  if (sort === undefined) {
    return (
      <th scope="col" className={className}>
        <span>{label}</span>
      </th>
    );
  }
  const sorted = filter.sort === sort ? (filter.order === 'asc' ? 'ascending' : 'descending') : undefined;
  return (
    <th scope="col" className={className} aria-sort={sorted}>
      <button type="button" onClick={() => onSort(sort)}>
        {label}
        <svg width="8" height="8" viewBox="0 0 8 8" aria-hidden="true">
          <path d="M4 1 7.5 6.5h-7Z" fill="currentColor" />
        </svg>
      </button>
    </th>
  );
}

function Spacer({ px }: { px: number }) {
  if (px <= 0) return null;
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row in a table is not focusable; this one only takes up space
    <tr className={css.spacer} aria-hidden="true">
      <td colSpan={COLUMNS.length} style={{ height: px }} />
    </tr>
  );
}

function Row({ index, row, now }: { index: number; row: MachineRow | undefined; now: number }) {
  if (row === undefined) {
    return (
      <tr className={css.row} aria-rowindex={index + 2} aria-busy="true">
        {COLUMNS.map(({ label, className }) => (
          <td key={label} className={className}>
            <Skeleton width="70%" />
          </td>
        ))}
      </tr>
    );
  }
  return (
    <tr className={css.row} aria-rowindex={index + 2}>
      <td className={css.name}>
        <Link to="/machines/$machineId" params={{ machineId: row.id }}>
          {row.name}
        </Link>
        <div className={css.os}>{row.os}</div>
      </td>
      <td className={css.status}>
        <Status status={shownStatus(row)} />
      </td>
      <Value label="CPU" percent={row.cpu} />
      <Value label="Memory" percent={row.memory} />
      <Value label="Disk" percent={row.disk} />
      <td className={css.spark}>
        <Sparkline values={row.sparkline} />
      </td>
      <td className={css.seen}>
        {row.lastSeenAt === null ? (
          <span className={css.quiet}>{NO_VALUE}</span>
        ) : (
          <Ago at={row.lastSeenAt} now={now} />
        )}
      </td>
    </tr>
  );
}

function Value({ label, percent }: { label: string; percent: number | null }) {
  return (
    <td className={css.value}>
      <span className={css.label} aria-hidden="true">
        {label}
      </span>
      <Meter percent={percent} />
    </td>
  );
}
