import { Worker } from 'node:worker_threads';
import { type ChunkRange, RANGE_BYTES, SEALED_RANGE_BYTES } from './chunk-range.ts';
import { type ChunkTask, rangeWorker, type WorkerTask } from './chunk-task.ts';
import { openFailed } from './errors.ts';

/** Seals or opens ranges of chunks, several at a time, each in the buffers of a slot. */
export interface ChunkLanes {
  /** How many ranges may be under way. */
  readonly slots: number;
  /** Where a slot's input goes, before `process`. */
  input(slot: number): Buffer;
  /** Where a slot's output is, after `process`. */
  output(slot: number): Buffer;
  /** @throws FilesError, CryptoError ERR_OPEN_FAILED */
  process(slot: number, range: ChunkRange): Promise<void>;
  close(): Promise<void>;
}

// Where types are stripped as the file is loaded the worker is TypeScript too; in a build it is not.
const WORKER = new URL(`./chunk-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

/**
 * Starts the lanes of a message: the calling thread, and `threads - 1` worker threads beside it. It works from the first
 * range on, while the others are still starting.
 */
export function openLanes(task: ChunkTask, threads: number): ChunkLanes {
  // For each thread a range that it works on, one that waits for it, and one that is read or written.
  const slots = 3 * threads;
  const buffers = slotBuffers(task, slots);
  const workers = Array.from({ length: threads - 1 }, () => new ChunkThread({ ...task, ...buffers }));
  const inputs = buffers.inputs.map((buffer) => Buffer.from(buffer));
  const outputs = buffers.outputs.map((buffer) => Buffer.from(buffer));
  const work = rangeWorker(task);
  return {
    slots,
    input: (slot) => inputs[slot]!,
    output: (slot) => outputs[slot]!,
    async process(slot, range) {
      const idle = workers.find((worker) => worker.hasRoom);
      if (idle !== undefined) return idle.process(slot, range);
      work(range, inputs[slot]!, outputs[slot]!);
    },
    close: async () => void (await Promise.all(workers.map((worker) => worker.close()))),
  };
}

function slotBuffers({ direction }: ChunkTask, slots: number) {
  const sizes = direction === 'seal' ? [RANGE_BYTES, SEALED_RANGE_BYTES] : [SEALED_RANGE_BYTES, RANGE_BYTES];
  const [inputs = [], outputs = []] = sizes.map((bytes) =>
    Array.from({ length: slots }, () => new SharedArrayBuffer(bytes)),
  );
  return { inputs, outputs };
}

// One that is worked on and one that waits, so that the thread need not wait for us.
const QUEUE_LENGTH = 2;

/** One worker thread. It says once that it is ready, then answers in the order in which it was asked. */
class ChunkThread {
  readonly #worker: Worker;
  readonly #waiting: { resolve: () => void; reject: (reason: unknown) => void }[] = [];
  #isReady = false;
  #failure: unknown;

  constructor(workerData: WorkerTask) {
    // Its garbage is outside the JavaScript heap; a small young generation has it collected while it is little.
    const resourceLimits = { maxYoungGenerationSizeMb: 2 };
    // It needs nothing of the environment, and flags such as --eval or --import are for the main script.
    this.#worker = new Worker(WORKER, { workerData, resourceLimits, env: {}, argv: [], execArgv: [] });
    this.#worker.once('message', () => {
      this.#isReady = true;
      this.#worker.on('message', (isDone: boolean) => this.#answer(isDone));
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('a worker thread ended early')));
  }

  get hasRoom(): boolean {
    return this.#isReady && this.#waiting.length < QUEUE_LENGTH;
  }

  process(slot: number, range: ChunkRange): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ resolve, reject });
    this.#worker.postMessage([slot, range]);
    return promise;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #answer(isDone: boolean): void {
    const asked = this.#waiting.shift();
    if (isDone) asked?.resolve();
    else asked?.reject(openFailed());
  }

  #fail(failure: unknown): void {
    this.#failure ??= failure;
    for (const { reject } of this.#waiting.splice(0)) reject(failure);
  }
}
