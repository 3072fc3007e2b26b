import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type HotLogEntry, openHotLog } from './hot-log.ts';

/** A writer whose groups end when the test says so. */
function heldWriter() {
  const groups: { entries: readonly HotLogEntry[]; end: (error?: Error) => void }[] = [];
  return {
    groups,
    write: (entries: readonly HotLogEntry[]) =>
      new Promise<void>((resolve, reject) => {
        groups.push({ entries, end: (error) => (error ? reject(error) : resolve()) });
      }),
    close: async () => {},
  };
}

describe('group commit', () => {
  test('gathers what comes while a group is on its way, and answers each when its group is durable', async () => {
    const writer = heldWriter();
    const log = openHotLog(writer);
    const done: number[] = [];
    for (const n of [1, 2, 3]) log.append({}, () => done.push(n));
    assert.deepEqual(
      writer.groups.map(({ entries }) => entries.length),
      [1],
    );
    writer.groups[0]?.end();
    await nextTurn();
    assert.deepEqual(done, [1]);
    assert.deepEqual(
      writer.groups.map(({ entries }) => entries.length),
      [1, 2],
    );
    writer.groups[1]?.end();
    await nextTurn();
    assert.deepEqual(done, [1, 2, 3]);
  });

  test('fails a whole group, says so once, and goes on with the next', async () => {
    const writer = heldWriter();
    const failures: string[] = [];
    const log = openHotLog(writer, { onFailure: ({ message }) => failures.push(message) });
    const results: (string | undefined)[] = [];
    for (const _ of [1, 2, 3]) log.append({}, (error) => results.push(error?.message));
    writer.groups[0]?.end();
    await nextTurn();
    writer.groups[1]?.end(new Error('disk full'));
    await nextTurn();
    log.append({}, (error) => results.push(error?.message));
    await nextTurn();
    writer.groups[2]?.end();
    await nextTurn();
    assert.deepEqual(results, [undefined, 'disk full', 'disk full', undefined]);
    assert.deepEqual(failures, ['disk full']);
  });

  test('flushes what was appended before, however much comes after', async () => {
    const writer = heldWriter();
    const log = openHotLog(writer);
    log.append({}, () => {});
    log.append({}, () => {});
    let isFlushed = false;
    const flushing = log.flush().then(() => {
      isFlushed = true;
    });
    log.append({}, () => {});
    writer.groups[0]?.end();
    await nextTurn();
    log.append({}, () => {});
    assert.equal(isFlushed, false);
    writer.groups[1]?.end();
    await flushing;
    await nextTurn();
    assert.equal(writer.groups.length, 3, 'the log is still busy');
  });

  test('takes no more than may wait', () => {
    const log = openHotLog(heldWriter(), { waitingMax: 2 });
    // The first is on its way at once; two wait.
    assert.deepEqual(
      [1, 2, 3, 4].map(() => log.append({}, () => {})),
      [true, true, true, false],
    );
  });
});
