import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { HotLogEntry, HotLogWriter } from './hot-log.ts';

/** A group of entries as it crosses to the writing thread: two buffers that move instead of thousands of objects. */
export interface HotLogMessage {
  /** Seven numbers a report: machine, received at, boot, sequence, key, counter, length of its body. */
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly bodies: Uint8Array<ArrayBuffer>;
  /** What comes rarely, as it is. */
  readonly others: readonly Omit<HotLogEntry, 'report'>[];
}
export const NUMBERS_PER_REPORT = 7;

export type HotLogReply = { readonly error?: string };

/**
 * Writes the hot log of a SQLite file on a thread of its own, since committing waits for the disk and node:sqlite
 * waits in place. A thread that ends is started again with the next group.
 */
export function sqliteHotLogWriter(file: string): HotLogWriter {
  let thread: Worker | undefined;
  let settle: ((reply: HotLogReply) => void) | undefined;

  function start(): Worker {
    const worker = new Worker(new URL('./sqlite-writer-thread.ts', import.meta.url), { workerData: { file } });
    let reason = 'the thread that writes the hot log has ended';
    worker.on('message', (reply: HotLogReply) => settle?.(reply));
    worker.on('error', (error: Error) => {
      reason = error.message;
    });
    worker.on('exit', () => {
      thread = undefined;
      settle?.({ error: reason });
    });
    return worker;
  }

  return {
    async write(entries) {
      const message = pack(entries);
      const worker = thread ?? start();
      thread = worker;
      const reply = await new Promise<HotLogReply>((resolve) => {
        settle = resolve;
        worker.postMessage(message, [message.numbers.buffer, message.bodies.buffer]);
      });
      settle = undefined;
      if (reply.error !== undefined) throw new Error(reply.error);
    },
    async close() {
      if (!thread) return;
      thread.postMessage('close');
      await once(thread, 'exit');
    },
  };
}

function pack(entries: readonly HotLogEntry[]): HotLogMessage {
  let reports = 0;
  let bodyBytes = 0;
  const others: HotLogMessage['others'][number][] = [];
  for (const { report, key, boot, dictionary } of entries) {
    if (report) {
      reports += 1;
      bodyBytes += report.body.length;
    }
    if (key || boot || dictionary) others.push({ key, boot, dictionary });
  }
  const numbers = new Float64Array(reports * NUMBERS_PER_REPORT);
  const bodies = new Uint8Array(bodyBytes);
  let at = 0;
  let bodyAt = 0;
  for (const { report } of entries) {
    if (!report) continue;
    numbers[at++] = report.machineNo;
    numbers[at++] = report.receivedAt;
    numbers[at++] = report.bootNo;
    numbers[at++] = report.sequence;
    numbers[at++] = report.keyNo;
    numbers[at++] = report.counter;
    numbers[at++] = report.body.length;
    bodies.set(report.body, bodyAt);
    bodyAt += report.body.length;
  }
  return { numbers, bodies, others };
}
