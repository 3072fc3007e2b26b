import { Worker } from 'node:worker_threads';
import { type ChunkRange, RANGE_BUFFER_BYTES } from './chunk-range.ts';
import { type ChunkTask, rangeWorker } from './chunk-task.ts';
import { openFailed } from './errors.ts';

/** Seals or opens ranges of chunks, several at a time, each in the buffer of a slot. */
export interface ChunkLanes {
  /** How many ranges may be under way. */
  readonly slots: number;
  /** Where a range's input goes, before `process`. */
  input(slot: number, range: ChunkRange): Buffer;
  /** @returns The output, valid until the slot's next input. @throws FilesError, CryptoError ERR_OPEN_FAILED */
  process(slot: number, range: ChunkRange): Promise<Buffer>;
  close(): Promise<void>;
}

// Where types are stripped as the file is loaded the worker is TypeScript too; in a build it is not.
const WORKER = new URL(`./chunk-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

/**
 * Starts the lanes of a message: the calling thread, and `threads - 1` worker threads beside it. It works from the first
 * range on, while the others are still starting.
 */
export function openLanes(task: ChunkTask, threads: number): ChunkLanes {
  const here = rangeWorker(task);
  const workers = Array.from({ length: threads - 1 }, () => new ChunkThread(task));
  // For each thread a range that it works on, one that waits for it, and one that is read or written. Buffers move to
  // the thread and back: into memory that threads share, V8 copies a word at a time, which is slower.
  const buffers = Array.from({ length: 3 * threads }, () => new ArrayBuffer(RANGE_BUFFER_BYTES));
  return {
    slots: buffers.length,
    input: (slot, range) => here.input(range, buffers[slot]!),
    async process(slot, range) {
      const thread = workers.find((worker) => worker.hasRoom);
      if (thread === undefined) here.work(range, buffers[slot]!);
      else buffers[slot] = await thread.process(range, buffers[slot]!);
      return here.output(range, buffers[slot]!);
    },
    close: async () => void (await Promise.all(workers.map((worker) => worker.close()))),
  };
}

// One that is worked on and one that waits, so that the thread need not wait for us.
const QUEUE_LENGTH = 2;

/** One worker thread. It says once that it is ready, then answers in the order in which it was asked. */
class ChunkThread {
  readonly #worker: Worker;
  readonly #waiting: PromiseWithResolvers<ArrayBuffer>[] = [];
  #isReady = false;
  #failure: unknown;

  constructor(workerData: ChunkTask) {
    // It needs nothing of the environment, and flags such as --eval or --import are for the main script.
    this.#worker = new Worker(WORKER, { workerData, env: {}, argv: [], execArgv: [] });
    this.#worker.once('message', () => {
      this.#isReady = true;
      this.#worker.on('message', ([isDone, buffer]: [boolean, ArrayBuffer]) => this.#answer(isDone, buffer));
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('a worker thread ended early')));
  }

  get hasRoom(): boolean {
    return this.#isReady && this.#waiting.length < QUEUE_LENGTH;
  }

  /** Takes the buffer away; what the promise gives is the same memory. */
  process(range: ChunkRange, buffer: ArrayBuffer): Promise<ArrayBuffer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const asked = Promise.withResolvers<ArrayBuffer>();
    this.#waiting.push(asked);
    this.#worker.postMessage([range, buffer], [buffer]);
    return asked.promise;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #answer(isDone: boolean, buffer: ArrayBuffer): void {
    const asked = this.#waiting.shift();
    if (isDone) asked?.resolve(buffer);
    else asked?.reject(openFailed());
  }

  #fail(failure: unknown): void {
    this.#failure ??= failure;
    for (const { reject } of this.#waiting.splice(0)) reject(failure);
  }
}
