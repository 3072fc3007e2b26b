import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Spool } from './spool.ts';

const report = (bytes = 10) => ({ frame: Buffer.alloc(bytes), isReport: true });

describe('the spool', () => {
  test('gives frames in the order they came', () => {
    const spool = new Spool();
    const frames = [report(), report()];
    for (const frame of frames) spool.add(frame);
    assert.equal(spool.first(), frames[0]);
    spool.removeFirst();
    assert.equal(spool.first(), frames[1]);
  });

  test('drops the oldest past 2,000 frames, and counts them', () => {
    const spool = new Spool();
    const frames = Array.from({ length: 2003 }, () => report());
    for (const frame of frames) spool.add(frame);
    assert.deepEqual([spool.length, spool.dropped], [2000, 3]);
    assert.equal(spool.first(), frames[3]);
  });

  test('drops the oldest past 16 MiB', () => {
    const spool = new Spool();
    for (let i = 0; i < 20; i++) spool.add(report(1024 * 1024));
    assert.deepEqual([spool.length, spool.dropped], [16, 4]);
  });

  test('does not remove another frame for one that was dropped on its way', () => {
    const spool = new Spool();
    const sent = report();
    spool.add(sent);
    spool.removeFirst();
    spool.add(report());
    spool.removeFirst(sent);
    assert.equal(spool.length, 1);
  });

  test('puts a dictionary before all that waits', () => {
    const spool = new Spool();
    spool.add(report());
    const dictionary = { frame: Buffer.alloc(1), isReport: false };
    spool.addFirst(dictionary);
    assert.equal(spool.first(), dictionary);
  });
});
