import type { FleetEvent, FleetSummary, MachineRow, SampleEvent } from '@bulwark/protocol';
import { useState } from 'react';
import { type StreamState, useEventStream } from './sse.ts';

/** What the stream of the fleet said last. */
export interface LiveFleet {
  stream: StreamState;
  summary: FleetSummary | undefined;
  /** When the last event came, by this machine's clock; 0 before the first. */
  receivedAt: number;
  rows: ReadonlyMap<string, LiveRow>;
}

/** A row, and when it came. One that has left the view gets old here; the page it is on may then be newer. */
export interface LiveRow {
  row: MachineRow;
  receivedAt: number;
}

/**
 * Newer totals, and newer rows for the machines in view, about every two seconds.
 *
 * @param ids Machine ids with commas between; undefined while it isn't known which are in view.
 */
export function useLiveFleet(ids: string | undefined): LiveFleet {
  const [{ summary, receivedAt, rows }, setLast] = useState<Omit<LiveFleet, 'stream'>>(NOTHING_YET);
  const url = ids === undefined ? undefined : `/api/fleet/events?${new URLSearchParams({ ids })}`;
  const stream = useEventStream<FleetEvent>(url, 'fleet', (event) => {
    const receivedAt = Date.now();
    setLast(({ rows }) => ({
      summary: event.summary,
      receivedAt,
      rows: new Map([...rows, ...event.rows.map((row) => [row.id, { row, receivedAt }] as const)]),
    }));
  });
  return { stream, summary, receivedAt, rows };
}

const NOTHING_YET = { summary: undefined, receivedAt: 0, rows: new Map() };

/** An hour of ten-second reports; older ones are long in the answer to the last query. */
const SAMPLES_KEPT = 360;

/** What the stream of one machine said since the page opened, oldest first. */
export interface LiveMachine {
  stream: StreamState;
  /** When the last report came, by this machine's clock; 0 before the first. */
  receivedAt: number;
  samples: readonly SampleEvent[];
}

/** Every report of one machine as it comes in; undefined listens to none. Mount with key={machineId}. */
export function useLiveMachine(machineId: string | undefined): LiveMachine {
  const [{ samples, receivedAt }, setLast] = useState<Omit<LiveMachine, 'stream'>>({ samples: [], receivedAt: 0 });
  const stream = useEventStream<SampleEvent>(
    machineId && `/api/machines/${encodeURIComponent(machineId)}/events`,
    'sample',
    (sample) =>
      setLast((last) => ({ samples: [...last.samples.slice(-SAMPLES_KEPT + 1), sample], receivedAt: Date.now() })),
  );
  return { stream, samples, receivedAt };
}
