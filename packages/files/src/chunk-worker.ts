import { parentPort, workerData } from 'node:worker_threads';
import type { ChunkRange } from './chunk-range.ts';
import { rangeWorker, type WorkerTask } from './chunk-task.ts';

/* A worker thread of `chunk-lanes.ts`: once it has said that it is ready it is asked with [slot, range], and answers
 * whether the range could be done. What it imports is loaded anew for each thread, so it is little. */

const task = workerData as WorkerTask;
const work = rangeWorker(task);
const inputs = task.inputs.map((buffer) => Buffer.from(buffer));
const outputs = task.outputs.map((buffer) => Buffer.from(buffer));

parentPort?.on('message', ([slot, range]: [number, ChunkRange]) => {
  parentPort?.postMessage(isDone(slot, range));
});
parentPort?.postMessage('ready');

function isDone(slot: number, range: ChunkRange): boolean {
  try {
    work(range, inputs[slot]!, outputs[slot]!);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_OPEN_FAILED') return false;
    throw error;
  }
}
