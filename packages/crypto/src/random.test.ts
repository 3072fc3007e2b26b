import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { generateKey, randomBytes, randomNonce } from './random.ts';

describe('randomBytes', () => {
  for (const length of [0, 1, 12, 24, 1024, 1025, 100_000]) {
    test(`gives ${length} bytes`, () => assert.equal(randomBytes(length).length, length));
  }
  for (const length of [-1, 1.5, Number.NaN, 2 ** 31]) {
    test(`refuses ${length}`, () => assert.throws(() => randomBytes(length), { code: 'ERR_ARGUMENT' }));
  }

  test('does not repeat across refills of its pool', () => {
    const seen = new Set(Array.from({ length: 5000 }, () => randomBytes(16).toString('hex')));
    assert.equal(seen.size, 5000);
  });

  test('keeps earlier bytes as they were when the pool is refilled', () => {
    const bytes = randomBytes(32);
    const before = bytes.toString('hex');
    for (let i = 0; i < 2000; i++) randomBytes(16);
    assert.equal(bytes.toString('hex'), before);
  });

  test('gives memory that shows nothing else', () => {
    assert.equal(randomBytes(32).buffer.byteLength, 32);
    assert.equal(randomBytes(2000).buffer.byteLength, 2000);
  });

  test('gives each worker thread its own bytes', async () => {
    const source = `
      const { parentPort } = require('node:worker_threads');
      import(${JSON.stringify(new URL('./random.ts', import.meta.url).href)})
        .then(({ randomBytes }) => parentPort.postMessage(randomBytes(16).toString('hex')));`;
    const first = () =>
      new Promise((resolve, reject) => {
        new Worker(source, { eval: true }).once('message', resolve).once('error', reject);
      });
    const [a, b] = await Promise.all([first(), first()]);
    assert.notEqual(a, b);
  });
});

test('generateKey gives 32 bytes in memory of their own', () => {
  const key = generateKey();
  assert.equal(key.length, 32);
  assert.equal(key.buffer.byteLength, 32);
});

test('randomNonce does not repeat across refills', () => {
  const seen = new Set(Array.from({ length: 5000 }, () => randomNonce(24).toString('hex')));
  assert.equal(seen.size, 5000);
});
