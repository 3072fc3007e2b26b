import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { describe, test } from 'node:test';
import { generateKey, openMessage, randomBytes } from '@bulwark/crypto';
import { newChunkCipher } from '@bulwark/crypto/chunks';
import { RANGE_BUFFER_BYTES, rangesOf } from './chunk-range.ts';
import { type ChunkTask, rangeWorker } from './chunk-task.ts';

const CONTEXT = Buffer.from('a context');

function taskOf(direction: ChunkTask['direction']): ChunkTask {
  const key = createSecretKey(generateKey());
  return { direction, key, context: CONTEXT, messageHeader: newChunkCipher(key, CONTEXT).header };
}

describe('rangeWorker seals and opens in one buffer a range of', () => {
  for (const length of [0, 1, 16_383, 16_384, 16_385, 40_000, 2 ** 20 - 1]) {
    test(`${length} bytes`, () => {
      const task = taskOf('seal');
      const [range] = rangesOf(length);
      const plaintext = randomBytes(length);
      const buffer = new ArrayBuffer(RANGE_BUFFER_BYTES);

      const sealer = rangeWorker(task);
      sealer.input(range!, buffer).set(plaintext);
      sealer.work(range!, buffer);
      const sealed = Buffer.from(sealer.output(range!, buffer));
      assert.deepEqual(openMessage(task.key, Buffer.concat([task.messageHeader, sealed]), CONTEXT), plaintext);

      const opener = rangeWorker({ ...task, direction: 'open' });
      assert.deepEqual(opener.input(range!, buffer), sealed);
      opener.work(range!, buffer);
      assert.deepEqual(opener.output(range!, buffer), plaintext);
    });
  }
});

test('rangeWorker puts no plaintext of a changed chunk into the buffer', () => {
  const task = taskOf('seal');
  const [range] = rangesOf(16_384 + 5);
  const buffer = new ArrayBuffer(RANGE_BUFFER_BYTES);
  const sealer = rangeWorker(task);
  sealer.input(range!, buffer).fill('plain');
  sealer.work(range!, buffer);
  sealer.output(range!, buffer)[16_400]! ^= 1;

  const opener = rangeWorker({ ...task, direction: 'open' });
  assert.throws(() => opener.work(range!, buffer), { code: 'ERR_OPEN_FAILED' });
  assert.ok(!Buffer.from(buffer, 16_384).includes('plain'));
});
