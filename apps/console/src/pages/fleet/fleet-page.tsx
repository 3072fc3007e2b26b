import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useClient } from '../../api/client-context.ts';
import { useLiveFleet } from '../../api/live.ts';
import { fleetQuery, sessionQuery } from '../../api/queries.ts';
import { formatPlural } from '../../format/number.ts';
import { Freshness } from '../../ui/freshness.tsx';
import { LoadFailure } from '../../ui/load-failure.tsx';
import { useServerNow } from '../../ui/now.ts';
import { PageHead } from '../../ui/page-head.tsx';
import { useSettled } from '../../ui/settled.ts';
import { useTitle } from '../../ui/title.ts';
import { AddMachine } from './add-machine.tsx';
import { EmptyFleet, NoMatch } from './empty.tsx';
import { FilterBar } from './filter-bar.tsx';
import { type FleetSearch, filterOf, sortedBy } from './fleet-search.ts';
import { useMachineRows } from './machine-rows.ts';
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

  if (rows.total === undefined && rows.error) {
    return (
      <>
        <PageHead title="Fleet" />
        <LoadFailure what="The fleet" error={rows.error} onRetry={rows.refetch} />
      </>
    );
  }
  if (rows.total === 0 && !filtered && (summary?.machines ?? 0) === 0) {
    return (
      <>
        <PageHead title="Fleet" />
        <EmptyFleet mayEnrol={mayEnrol} onConnected={rows.refetch} />
      </>
    );
  }
  return (
    <>
      <PageHead title="Fleet">
        <Freshness stream={live.stream} staleSince={failing ? Math.max(live.receivedAt, rows.receivedAt) : undefined} />
        {mayEnrol && <AddMachine onConnected={rows.refetch} />}
      </PageHead>
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
          rowAt={(index) => {
            const row = rows.rowAt(index);
            return row && (live.rows.get(row.id) ?? row);
          }}
          now={now}
          filter={filter}
          onSort={(column) => change(sortedBy(column, filter))}
          onView={(from, to) => setInView([from, to])}
        />
      )}
    </>
  );
}

function idsInView(
  rowAt: (index: number) => { id: string } | undefined,
  total: number | undefined,
  first: number,
  last: number,
): string | undefined {
  if (total === undefined) return undefined;
  const ids: string[] = [];
  for (let index = first; index <= Math.min(last, total - 1); index++) {
    const row = rowAt(index);
    if (row) ids.push(row.id);
  }
  return ids.join(',');
}
