import { AGENT_PATHS, CONTENT_TYPES } from '@bulwark/protocol';
import type { FrameSealer } from '@bulwark/telemetry';
import type { Call } from '../apps/server/testing/https-caller.ts';
import {
  dictionary,
  encodeHistory,
  encodeReport,
  type SimulatedAgent,
  simulateMachine,
  startBoot,
  statesOf,
} from './simulated-fleet.ts';

const HOUR_MS = 3_600_000;

/** A simulated machine that talks to a real server. */
export interface SpeakingMachine {
  /** Sends what it measured in the hours before now, an hour a frame, as after a long outage. */
  sendHistory(hours: number, stepMs: number): Promise<void>;
  sendReport(stepMs: number): Promise<void>;
}

export function speak(call: Call, agent: SimulatedAgent, seed: number): SpeakingMachine {
  let sealer: FrameSealer | undefined;
  const next = simulateMachine(seed);

  async function send(kind: 'batch' | 'dictionary', body: Buffer): Promise<void> {
    sealer ??= await firstFrame();
    const { status } = await post(sealer.seal(kind, body));
    if (status === 424) {
      // The server was started again and has forgotten the dictionary.
      sealer = undefined;
      await send(kind, body);
    } else if (status !== 200) {
      throw new Error(`the server answered ${status}`);
    }
  }

  async function firstFrame(): Promise<FrameSealer> {
    const fresh = startBoot(agent);
    await post(fresh.seal('dictionary', dictionary.bytes));
    return fresh;
  }

  function post(frame: Buffer) {
    const headers = { authorization: `Bearer ${agent.token}`, 'content-type': CONTENT_TYPES.frame };
    return call(AGENT_PATHS.ingest, { method: 'POST', headers, body: frame });
  }

  return {
    async sendHistory(hours, stepMs) {
      const now = Date.now();
      for (let hour = hours; hour > 0; hour--) {
        await send('batch', encodeHistory(next, now - hour * HOUR_MS, HOUR_MS / stepMs, stepMs));
      }
    },
    async sendReport(stepMs) {
      const now = Date.now();
      const values = next(now);
      await send('batch', encodeReport(values, now, stepMs, statesOf(agent, seed, values[0] ?? 0)));
    },
  };
}
