import { isDeepStrictEqual } from 'node:util';
import { agree, randomBytes } from '@bulwark/crypto';
import { METRICS, type States, uuidBytes } from '@bulwark/protocol';
import { createDictionary, createFrameSealer, type Dictionary, encodeBatch } from '@bulwark/telemetry';
import type { Reading } from './collectors/index.ts';
import type { SpooledFrame } from './spool.ts';
import type { AgentState } from './state.ts';

/** How often a document is sent although it is the same: so long a server that lost it does without. */
const REPEAT_MS = { machine: 3_600_000, users: 600_000, batteries: 600_000, processes: 0 } as const;

/** Turns readings into sealed frames. One for each start of the agent: it makes the boot's keys. */
export interface Reports {
  /** Frames of one reading: a new dictionary first where the series have changed. */
  seal(reading: Reading, time: number, stepMs: number): SpooledFrame[];
  /** The running dictionary again, for a server that does not have it; the next report carries every document. */
  sealDictionary(): SpooledFrame | undefined;
}

export function createReports(state: AgentState): Reports {
  const sealer = createFrameSealer(agree(state.agreementKey, state.serverKey), {
    agentId: uuidBytes(state.agentId),
    keyEpoch: state.keyEpoch,
    bootId: randomBytes(16),
  });
  let dictionary: Dictionary | undefined;
  let seriesKey = '';
  let sent = new Map<keyof States, { document: unknown; time: number }>();

  function changedStates(states: States, time: number): States {
    const changed: States = {};
    for (const kind of Object.keys(states) as (keyof States)[]) {
      const before = sent.get(kind);
      const isDue = !before || time - before.time >= REPEAT_MS[kind] || time < before.time;
      if (!isDue && isDeepStrictEqual(before.document, states[kind])) continue;
      sent.set(kind, { document: states[kind], time });
      Object.assign(changed, { [kind]: states[kind] });
    }
    return changed;
  }

  function sealDictionary(): SpooledFrame | undefined {
    sent = new Map();
    return dictionary && { frame: sealer.seal('dictionary', dictionary.bytes), isReport: false };
  }

  return {
    seal({ points, states }, time, stepMs) {
      const frames: SpooledFrame[] = [];
      const key = JSON.stringify(points.map(({ metric, instance }) => [metric, instance]));
      if (!dictionary || key !== seriesKey) {
        dictionary = createDictionary(
          points.map(({ metric, instance }) => ({ metric, instance, scale: METRICS[metric].scale })),
        );
        seriesKey = key;
        frames.push({ frame: sealer.seal('dictionary', dictionary.bytes), isReport: false });
      }
      const changed = changedStates(states, time);
      const batch = encodeBatch(dictionary, {
        startMs: time,
        stepMs,
        points: 1,
        columns: points.map(({ value }) => [value]),
        ...(Object.keys(changed).length > 0 && { states: changed }),
      });
      frames.push({ frame: sealer.seal('batch', batch), isReport: true });
      return frames;
    },
    sealDictionary,
  };
}
