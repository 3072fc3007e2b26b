import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { randomBytes } from '@bulwark/crypto';
import {
  createDictionary,
  createFrameSealer,
  decodeBatch,
  deriveFrameKey,
  encodeBatch,
  openFrame,
  parseFrameHeader,
  ReplayWindow,
} from './index.ts';

// The recipes of README.md, in its order.
describe('the README', () => {
  const dictionary = createDictionary([
    { metric: 'cpu.total', instance: '', scale: 10 },
    { metric: 'disk.percent', instance: '/srv', scale: 10 },
  ]);
  const bytes = encodeBatch(dictionary, { startMs: Date.now(), stepMs: 10_000, points: 1, columns: [[12.5], [71.2]] });

  test('packs samples', () => assert.deepEqual(decodeBatch(dictionary, bytes).columns, [[12.5], [71.2]]));

  test('seals and opens frames', () => {
    const sharedSecret = randomBytes(32);
    const boot = { agentId: randomBytes(16), keyEpoch: 1, bootId: randomBytes(16) };
    const frame = createFrameSealer(sharedSecret, boot).seal('batch', bytes);
    const header = parseFrameHeader(frame);
    assert.deepEqual(openFrame(deriveFrameKey(sharedSecret, header, 'agent-to-server'), header, frame), bytes);
  });

  test('refuses replays', () => {
    const window = new ReplayWindow();
    assert.equal(window.check(7), 'new');
    window.take(7);
    assert.equal(window.check(7), 'duplicate');
  });
});
