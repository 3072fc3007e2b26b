import type { MachineRow } from '@bulwark/protocol';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useEffect, useEffectEvent, useMemo, useState } from 'react';
import { useClient } from '../../api/client-context.ts';
import { type LiveFleet, type LiveRow, useLiveFleet } from '../../api/live.ts';
import { fleetQuery, sessionQuery } from '../../api/queries.ts';
import { formatPlural } from '../../format/number.ts';
import { Button } from '../../ui/button.tsx';
import { Freshness } from '../../ui/freshness.tsx';
import { LoadFailure } from '../../ui/load-failure.tsx';
import { useServerNow } from '../../ui/now.ts';
import { PageHead } from '../../ui/page-head.tsx';
import { useSettled } from '../../ui/settled.ts';
import { useTitle } from '../../ui/title.ts';
import { useAddMachine } from './add-machine.tsx';
import { EmptyFleet, NoMatch } from './empty.tsx';
import { FilterBar } from './filter-bar.tsx';
import { type FleetSearch, filterOf, sortedBy } from './fleet-search.ts';
import { type MachineRows, useMachineRows } from './machine-rows.ts';
import { MachineTable } from './machine-table.tsx';
import { Summary } from './summary.tsx';

const route = getRouteApi('/signed-in/');
const ROWS_AT_FIRST = 30;
const SCROLL_SETTLES_MS = 400;

/** Every machine at a glance: totals, and a table that follows the machines in view live. */
export function FleetPage() {
  useTitle('Fleet');
  const client = useClient();
  const { data: session } = useQuery(sessionQuery(client));
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const filter = useMemo(() => filterOf(search), [search]);
  const change = (changed: FleetSearch) =>
    navigate({ search: (now) => ({ ...now, ...changed }), replace: true, resetScroll: false });

  const [[first, last], setInView] = useState([0, ROWS_AT_FIRST]);
  const fleet = useQuery(fleetQuery(client));
  const rows = useMachineRows(filter, first, last);
  const live = useLiveFleet(useSettled(idsInView(rows.rowAt, rows.total, first, last), SCROLL_SETTLES_MS));

  const summary = live.summary ?? fleet.data;
  const now = useServerNow(
    live.summary?.serverTime ?? rows.serverTime,
    live.summary ? live.receivedAt : rows.receivedAt,
  );
  const failing = live.stream === 'lost' || (rows.total !== undefined && rows.error !== null);
  const mayEnrol = session?.user.role === 'administrator';
  const filtered = search.search !== undefined || search.status !== undefined;

  const unloaded = rows.total === undefined && rows.error !== null;
  const empty = rows.total === 0 && !filtered;
  const adding = useAddMachine(rows.refetch);

  // A machine that has just come in is in the live totals before it is in the table.
  const refetchIfOutrun = useEffectEvent((machines: number | undefined) => {
    if (machines !== undefined && !filtered && rows.total !== undefined && rows.total !== machines) rows.refetch();
  });
  useEffect(() => refetchIfOutrun(summary?.machines), [summary?.machines]);

  return (
    <>
      <PageHead title="Fleet">
        {!unloaded && !empty && (
          <>
            <Freshness
              stream={live.stream}
              staleSince={failing ? Math.max(live.receivedAt, rows.receivedAt) : undefined}
            />
            {mayEnrol && (
              <Button look="primary" onClick={adding.start}>
                Add machine
              </Button>
            )}
          </>
        )}
      </PageHead>
      {unloaded ? (
        <LoadFailure what="The fleet" error={rows.error} onRetry={rows.refetch} />
      ) : empty ? (
        <EmptyFleet mayEnrol={mayEnrol} onAdd={adding.start} />
      ) : (
        <>
          <Summary summary={summary} />
          <FilterBar search={search} filter={filter} summary={summary} onChange={change} />
          <p className="visually-hidden" role="status">
            {filtered && rows.total !== undefined ? `${formatPlural(rows.total, 'machine')} found` : ''}
          </p>
          {rows.total === 0 ? (
            <NoMatch onClear={() => navigate({ search: {}, replace: true })} />
          ) : (
            <MachineTable
              total={rows.total}
              rowAt={(index) => newestRow(rows.rowAt(index), live.rows)}
              now={now}
              filter={filter}
              onSort={(column) => change(sortedBy(column, filter))}
              onView={(from, to) => setInView([from, to])}
            />
          )}
        </>
      )}
      {adding.dialog}
    </>
  );
}

function newestRow(loaded: LiveRow | undefined, live: LiveFleet['rows']): MachineRow | undefined {
  if (loaded === undefined) return undefined;
  const pushed = live.get(loaded.row.id);
  return pushed && pushed.receivedAt > loaded.receivedAt ? pushed.row : loaded.row;
}

function idsInView(
  rowAt: MachineRows['rowAt'],
  total: number | undefined,
  first: number,
  last: number,
): string | undefined {
  if (total === undefined) return undefined;
  const ids: string[] = [];
  for (let index = first; index <= Math.min(last, total - 1); index++) {
    const loaded = rowAt(index);
    if (loaded) ids.push(loaded.row.id);
  }
  return ids.join(',');
}
