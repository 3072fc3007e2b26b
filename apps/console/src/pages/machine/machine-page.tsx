import type { MachineDetail } from '@bulwark/protocol';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useClient } from '../../api/client-context.ts';
import { ApiFailure } from '../../api/errors.ts';
import { extendMetrics } from '../../api/extend-metrics.ts';
import { type LiveMachine, useLiveMachine } from '../../api/live.ts';
import { machineQuery, metricsQuery, sessionQuery } from '../../api/queries.ts';
import { formatPlural } from '../../format/number.ts';
import { LoadFailure } from '../../ui/load-failure.tsx';
import { Moment } from '../../ui/moment.tsx';
import { Notice } from '../../ui/notice.tsx';
import { useServerNow } from '../../ui/now.ts';
import { PageHead } from '../../ui/page-head.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { shownStatus } from '../../ui/status.tsx';
import { useTitle } from '../../ui/title.ts';
import { CHART_METRICS } from './chart-specs.ts';
import { Charts } from './charts.tsx';
import { Disks } from './disks.tsx';
import { Figures } from './figures.tsx';
import { Information, Interfaces } from './information.tsx';
import { latestOf } from './latest.ts';
import { Crumb, MachineHead } from './machine-head.tsx';
import css from './machine-page.module.css';
import { DEFAULT_RANGE, RANGES, zoomTo } from './machine-search.ts';
import { ProcessTables } from './processes.tsx';
import { Revoke } from './revoke.tsx';
import { BatteryTable, SignedInUsers } from './users-and-batteries.tsx';

const route = getRouteApi('/signed-in/machines/$machineId');

const NO_SAMPLES: LiveMachine['samples'] = [];

/** Everything one machine reports. */
export function MachinePage() {
  const { machineId } = route.useParams();
  // The key keeps one machine's reports from showing under another's name.
  return <LoadedMachine key={machineId} machineId={machineId} />;
}

function LoadedMachine({ machineId }: { machineId: string }) {
  const machine = useQuery(machineQuery(useClient(), machineId));
  const live = useLiveMachine(machine.data ? machineId : undefined);
  useTitle(machine.data?.name ?? 'Machine');

  if (machine.data) {
    return (
      <Machine
        machine={machine.data}
        live={live}
        loadedAt={machine.dataUpdatedAt}
        failing={machine.error !== null || live.stream === 'lost'}
      />
    );
  }
  if (machine.error instanceof ApiFailure && [400, 404].includes(machine.error.status)) {
    return (
      <>
        <Crumb />
        <PageHead title="No such machine" />
        <p>It may have been removed. The fleet lists all there are.</p>
      </>
    );
  }
  return (
    <>
      <Crumb />
      <PageHead title={<Skeleton width="16rem" height="1.75rem" />} />
      {machine.error ? (
        <LoadFailure what="The machine" error={machine.error} onRetry={() => machine.refetch()} />
      ) : (
        <Skeleton height="24rem" />
      )}
    </>
  );
}

interface MachineProps {
  machine: MachineDetail;
  live: LiveMachine;
  loadedAt: number;
  /** The last refresh failed. */
  failing: boolean;
}

function Machine({ machine, live, loadedAt, failing }: MachineProps) {
  const navigate = route.useNavigate();
  const { data: session } = useQuery(sessionQuery(useClient()));
  const { metrics, error, refetch } = useMetrics(machine, live, machine.serverTime - loadedAt);

  const newest = live.samples.at(-1);
  const latest = useMemo(() => latestOf(newest?.values ?? machine.latest), [newest, machine.latest]);
  const processes = newest?.processes ?? machine.processes;
  const status = shownStatus({
    ...machine,
    status: live.receivedAt > loadedAt ? (newest ?? machine).status : machine.status,
  });
  const now = useServerNow(machine.serverTime, loadedAt);
  const { info } = machine;

  return (
    <>
      <MachineHead
        machine={machine}
        status={status}
        stream={live.stream}
        staleSince={failing || error ? Math.max(loadedAt, live.receivedAt) : undefined}
        lastSeenAt={Math.max(machine.lastSeenAt ?? 0, newest?.time ?? 0)}
        now={now}
      />
      {machine.revokedAt !== null && (
        <div className={css.notice}>
          <Notice look="warning">
            <span>
              Revoked <Moment at={machine.revokedAt} />. The server refuses what this machine sends.
            </span>
          </Notice>
        </div>
      )}
      {metrics !== undefined && metrics.unreadable > 0 && (
        <div className={css.notice}>
          <Notice look="warning">
            <span>
              {formatPlural(metrics.unreadable, 'report')} in this time cannot be opened: altered, moved, or the key is
              gone. They show as gaps.
            </span>
          </Notice>
        </div>
      )}
      <Figures latest={latest} />
      {metrics === undefined && error ? (
        <LoadFailure what="The charts" error={error} onRetry={refetch} />
      ) : (
        <Charts
          metrics={metrics}
          latest={latest}
          intervalSeconds={machine.intervalSeconds}
          onZoom={(from, to) =>
            navigate({ search: ({ range }) => ({ ...(range && { range }), ...zoomTo(from, to) }), resetScroll: false })
          }
        />
      )}
      <div className={css.lower}>
        {processes && <ProcessTables processes={processes} />}
        <Disks latest={latest} info={info} />
        {info && <Interfaces info={info} />}
        <SignedInUsers users={machine.users} />
        <BatteryTable batteries={machine.batteries} />
        {info && (
          <div className={css.wide}>
            <Information machine={machine} info={info} />
          </div>
        )}
      </div>
      {session?.user.role === 'administrator' && machine.revokedAt === null && (
        <div className={css.foot}>
          <p>A machine that is lost, sold or taken over should no longer be let in.</p>
          <Revoke machine={machine} />
        </div>
      )}
    </>
  );
}

/** The metrics of the stretch of time in the address, extended by what came in since. */
function useMetrics(machine: MachineDetail, live: LiveMachine, clockOffsetMs: number) {
  const { range = DEFAULT_RANGE, from, to } = route.useSearch();
  const zoomed = from !== undefined && to !== undefined ? { from, to } : undefined;
  const { data, error, refetch } = useQuery(
    metricsQuery(useClient(), machine.id, {
      metrics: CHART_METRICS,
      intervalSeconds: machine.intervalSeconds,
      window: zoomed ?? RANGES[range].ms,
      clockOffsetMs,
    }),
  );
  const samples = zoomed ? NO_SAMPLES : live.samples;
  const metrics = useMemo(() => data && extendMetrics(data, samples), [data, samples]);
  return { metrics, error, refetch };
}
