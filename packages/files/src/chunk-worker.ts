import { parentPort, workerData } from 'node:worker_threads';
import type { ChunkRange } from './chunk-range.ts';
import { type ChunkTask, rangeWorker } from './chunk-task.ts';

/* A worker thread of `chunk-lanes.ts`: once it has said that it is ready it is asked with [range, buffer], and answers
 * with whether the range could be done, and the buffer. What it imports is loaded anew for each thread, so it is little. */

const { work } = rangeWorker(workerData as ChunkTask);

parentPort?.on('message', ([range, buffer]: [ChunkRange, ArrayBuffer]) => {
  parentPort?.postMessage([isDone(range, buffer), buffer], [buffer]);
});
parentPort?.postMessage('ready');

function isDone(range: ChunkRange, buffer: ArrayBuffer): boolean {
  try {
    work(range, buffer);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_OPEN_FAILED') return false;
    throw error;
  }
}
