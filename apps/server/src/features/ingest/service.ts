import { isMetricName, METRICS, SERIES_MAX, States } from '@bulwark/protocol';
import {
  type Batch,
  batchDictionaryHash,
  type Dictionary,
  decodeBatch,
  type FrameHeader,
  openFrame,
  parseDictionary,
  parseFrameHeader,
  TelemetryError,
  type TelemetryErrorCode,
} from '@bulwark/telemetry';
import type { Machine } from '../machines/store.ts';
import { createDictionaryPool, type DictionaryPool } from './dictionary-pool.ts';
import { IngestError, type IngestErrorCode } from './errors.ts';
import type { HotLog, HotLogEntry } from './hot-log.ts';
import {
  admitBoot,
  type BootSession,
  type MachineSession,
  nameOf,
  openBootSession,
  openMachineSession,
  remember,
  type SessionKeys,
} from './machine-session.ts';

/** A report that is durable now. */
export interface StoredReport {
  readonly receivedAt: number;
  readonly batch: Batch & { readonly states?: States };
  readonly dictionary: Dictionary;
}

export interface IngestOptions extends SessionKeys {
  readonly hotLog: HotLog;
  readonly now: () => number;
  /** What agents are told to keep. */
  readonly intervalSeconds: number;
  /** Called with each report once it is durable. */
  readonly onReport: (machine: Machine, report: StoredReport) => void;
  /** Frames an agent may send in ten seconds; one every second is the fastest it is ever told to. */
  readonly framesPerTenSeconds?: number;
}

/** Answer to an accepted frame: where the agent stands, and the time, to correct its clock by. */
export interface Acknowledgement {
  readonly sequence: number;
  readonly serverTime: number;
  readonly intervalSeconds: number;
}

export interface Ingest {
  /**
   * Takes one frame of a machine: opens it, checks it, seals it for the disk. Calls back once it is durable, or with an
   * IngestError and nothing stored.
   */
  accept(machine: Machine, frame: Buffer, done: (result: Acknowledgement | IngestError) => void): void;
  close(): Promise<void>;
}

interface Live {
  readonly session: MachineSession;
  windowStart: number;
  framesInWindow: number;
}

const WINDOW_MS = 10_000;

export function createIngest(options: IngestOptions): Ingest {
  const { hotLog, now, intervalSeconds, onReport, framesPerTenSeconds = 200 } = options;
  const machines = new Map<string, Live>();
  const opening = new Map<string, Promise<unknown>>();
  const pool = createDictionaryPool();

  /** One at a time for each machine, so that two first frames at once do not make two keys. */
  function once(machineId: string, open: () => Promise<void>): Promise<unknown> {
    const running = opening.get(machineId) ?? Promise.resolve();
    const next = running.then(open, open);
    opening.set(machineId, next);
    const forget = () => {
      if (opening.get(machineId) === next) opening.delete(machineId);
    };
    next.then(forget, forget);
    return next;
  }

  function accept(machine: Machine, frame: Buffer, done: (result: Acknowledgement | IngestError) => void): void {
    try {
      const header = parseFrameHeader(frame);
      if (!machine.idBytes.equals(header.agentId) || header.keyEpoch !== machine.keyEpoch) {
        throw new IngestError('ERR_FRAME_AGENT');
      }
      const live = machines.get(machine.id);
      const boot = live?.session.boots.get(nameOf(header.bootId));
      if (live && boot) {
        take(machine, live, boot, header, frame, done);
      } else {
        takeFirst(machine, header, frame, done);
      }
    } catch (error) {
      done(asIngestError(error));
    }
  }

  /** The first frame of a machine or of a boot waits for the database; all later ones go without. */
  function takeFirst(
    machine: Machine,
    header: FrameHeader,
    frame: Buffer,
    done: (result: Acknowledgement | IngestError) => void,
  ): void {
    void once(machine.id, async () => {
      try {
        // What is on its way to the disk belongs to what is read from there now: keys, boots and numbers that are taken.
        await hotLog.flush();
        let live = machines.get(machine.id);
        if (!live) {
          live = { session: await openMachineSession(options, machine, now()), windowStart: now(), framesInWindow: 0 };
          machines.set(machine.id, live);
        }
        const known = live.session.boots.get(nameOf(header.bootId));
        const boot = known ?? (await openBootSession(options, machine, header));
        take(machine, live, boot, header, frame, done);
      } catch (error) {
        done(asIngestError(error));
      }
    });
  }

  function take(
    machine: Machine,
    live: Live,
    boot: BootSession,
    header: FrameHeader,
    frame: Buffer,
    done: (result: Acknowledgement | IngestError) => void,
  ): void {
    const { session } = live;
    countFrame(live);
    if (boot.window.check(header.sequence) !== 'new') {
      // The agent may forget what it sent only when it is durable: the first copy may still be on its way.
      void hotLog.flush().then(() => {
        // Where it could not be stored its number was given back, and the copy is to be sent again.
        const isStored = boot.window.check(header.sequence) !== 'new';
        done(new IngestError(isStored ? 'ERR_FRAME_REPLAYED' : 'ERR_STORE_UNAVAILABLE'));
      });
      return;
    }
    const body = openFrame(boot.frameKey, header, frame);
    if (!boot.isAdmitted) admitBoot(session, machine.no, boot, header.bootId, now());
    // A clock set back must not reorder what came in.
    const receivedAt = Math.max(now(), session.lastReceivedAt);

    const written =
      header.kind === 'dictionary'
        ? readDictionary(machine, session, pool, body)
        : readBatch(machine, session, boot, header.sequence, receivedAt, body);
    const entry: HotLogEntry = { ...written.row, key: session.unwrittenKey, boot: boot.unwritten };
    const isTaken = hotLog.append(entry, (failure) => {
      if (failure) {
        boot.window.release(header.sequence);
        // What is in memory may not be what is on disk: learn it again with the next frame.
        machines.delete(machine.id);
        done(new IngestError('ERR_STORE_UNAVAILABLE', { cause: failure }));
        return;
      }
      session.unwrittenKey = undefined;
      boot.unwritten = undefined;
      if (written.report) onReport(machine, written.report);
      done({ sequence: header.sequence, serverTime: now(), intervalSeconds });
    });
    if (!isTaken) throw new IngestError('ERR_STORE_UNAVAILABLE');
    boot.window.take(header.sequence);
    session.lastReceivedAt = receivedAt;
  }

  function countFrame(live: Live): void {
    const time = now();
    if (time - live.windowStart >= WINDOW_MS || time < live.windowStart) {
      live.windowStart = time;
      live.framesInWindow = 0;
    }
    live.framesInWindow += 1;
    if (live.framesInWindow > framesPerTenSeconds) throw new IngestError('ERR_TOO_MANY_FRAMES');
  }

  return {
    accept,
    close: () => hotLog.close(),
  };
}

/** What a frame brings: a row for the disk and, if it is a batch, the report for those who listen. */
interface Written {
  readonly row: Pick<HotLogEntry, 'report' | 'dictionary'>;
  readonly report?: StoredReport;
}

function readDictionary(machine: Machine, session: MachineSession, pool: DictionaryPool, body: Buffer): Written {
  const dictionary = parseDictionary(body);
  const isCatalogued = dictionary.series.every(
    ({ metric, instance, scale }) =>
      isMetricName(metric) && METRICS[metric].scale === scale && (METRICS[metric].many || instance === ''),
  );
  if (!isCatalogued || dictionary.series.length > SERIES_MAX) throw new IngestError('ERR_BATCH_INVALID');
  remember(session.dictionaries, nameOf(dictionary.hash), pool(dictionary));
  const { sealer } = session;
  const { counter, body: sealed } = sealer.sealDictionary(dictionary.hash, dictionary.bytes);
  return {
    row: { dictionary: { machineNo: machine.no, hash: dictionary.hash, keyNo: sealer.keyNo, counter, body: sealed } },
  };
}

function readBatch(
  machine: Machine,
  session: MachineSession,
  boot: BootSession,
  sequence: number,
  receivedAt: number,
  body: Buffer,
): Written {
  const dictionary = session.dictionaries.get(nameOf(batchDictionaryHash(body)));
  if (!dictionary) throw new IngestError('ERR_DICTIONARY_NEEDED');
  const batch = withCheckedStates(decodeBatch(dictionary, body));

  const cell = { machineNo: machine.no, receivedAt, bootNo: boot.bootNo, sequence };
  const { counter, body: sealed } = session.sealer.sealReport(cell, body);
  return {
    row: { report: { ...cell, keyNo: session.sealer.keyNo, counter, body: sealed } },
    report: { receivedAt, dictionary, batch },
  };
}

function withCheckedStates({ startMs, stepMs, points, columns, states }: Batch): StoredReport['batch'] {
  if (!states) return { startMs, stepMs, points, columns };
  const checked = States.safeParse(states);
  if (!checked.success) throw new IngestError('ERR_BATCH_INVALID');
  return { startMs, stepMs, points, columns, states: checked.data };
}

/** The telemetry package's codes, as ingest answers them. */
const CODE_OF: Partial<Record<TelemetryErrorCode, IngestErrorCode>> = {
  ERR_BATCH_FORMAT: 'ERR_BATCH_INVALID',
  ERR_BATCH_VERSION: 'ERR_BATCH_INVALID',
  ERR_DICTIONARY_FORMAT: 'ERR_BATCH_INVALID',
  ERR_FRAME_FORMAT: 'ERR_FRAME_FORMAT',
  ERR_FRAME_VERSION: 'ERR_FRAME_VERSION',
  ERR_FRAME_OPEN: 'ERR_FRAME_OPEN',
};

function asIngestError(error: unknown): IngestError {
  if (error instanceof IngestError) return error;
  if (error instanceof TelemetryError)
    return new IngestError(CODE_OF[error.code] ?? 'ERR_FRAME_FORMAT', { cause: error });
  return new IngestError('ERR_STORE_UNAVAILABLE', { cause: error });
}
