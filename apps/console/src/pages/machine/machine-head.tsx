import type { MachineDetail } from '@bulwark/protocol';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { StreamState } from '../../api/sse.ts';
import { formatClock, formatDay } from '../../format/time.ts';
import { usePreferences } from '../../preferences/preferences.tsx';
import { Button } from '../../ui/button.tsx';
import { Freshness } from '../../ui/freshness.tsx';
import { Ago } from '../../ui/moment.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Segmented } from '../../ui/segmented.tsx';
import { type ShownStatus, Status } from '../../ui/status.tsx';
import css from './machine-head.module.css';
import { DEFAULT_RANGE, RANGES, type Range } from './machine-search.ts';

const route = getRouteApi('/signed-in/machines/$machineId');

const RANGE_CHOICES = Object.entries(RANGES).map(([value, { label }]) => ({ value: value as Range, label }));

interface MachineHeadProps {
  machine: MachineDetail;
  status: ShownStatus;
  stream: StreamState;
  staleSince: number | undefined;
  /** ms; 0 for never. */
  lastSeenAt: number;
  /** The server's clock, ms. */
  now: number;
}

/** Name, state and the stretch of time shown, which stay in view; below them what the machine is, in a line. */
export function MachineHead({ machine, status, stream, staleSince, lastSeenAt, now }: MachineHeadProps) {
  const { from, to } = route.useSearch();
  return (
    <>
      <Crumb />
      <PageHead
        sticky
        title={
          <span className={css.name}>
            {machine.name}
            <span className={css.status}>
              <Status status={status} />
            </span>
          </span>
        }
      >
        <Freshness stream={stream} staleSince={staleSince} />
        {from !== undefined && to !== undefined ? <Zoomed from={from} to={to} /> : <RangePicker />}
      </PageHead>
      <ul className={css.facts}>
        {factsOf(machine).map((fact) => (
          <li key={fact}>{fact}</li>
        ))}
        <li>{lastSeenAt === 0 ? 'Never seen' : <>Seen {<Ago at={lastSeenAt} now={now} />}</>}</li>
      </ul>
    </>
  );
}

/** The way back. */
export function Crumb() {
  return (
    <nav className={css.crumb} aria-label="Breadcrumb">
      <Link to="/">← Fleet</Link>
    </nav>
  );
}

function RangePicker() {
  const { range = DEFAULT_RANGE } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Segmented
      label="Time shown"
      value={range}
      choices={RANGE_CHOICES}
      onChange={(chosen) => navigate({ search: { range: chosen }, replace: true, resetScroll: false })}
    />
  );
}

function Zoomed({ from, to }: { from: number; to: number }) {
  const { zone } = usePreferences();
  const navigate = route.useNavigate();
  return (
    <>
      <span>
        {formatDay(from, zone)}, {formatClock(from, zone)} to {formatClock(to, zone)}
      </span>
      <Button onClick={() => navigate({ search: ({ range }) => (range ? { range } : {}), resetScroll: false })}>
        Back to live
      </Button>
    </>
  );
}

function factsOf({ info, os }: MachineDetail): string[] {
  if (info === null) return [os].filter(Boolean);
  const address = info.interfaces.flatMap((one) => one.addresses).find((one) => !/^(127\.|::1|fe80:)/.test(one));
  return [`${info.os.name} ${info.os.version}`, info.cpu.model, address ?? ''].filter(Boolean);
}
