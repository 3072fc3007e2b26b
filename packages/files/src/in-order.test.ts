import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inOrder } from './in-order.ts';

test('inOrder gives results in order, however long each takes', async () => {
  const items = Array.from({ length: 20 }, (_, i) => i);
  const results = await Array.fromAsync(
    inOrder(items, 4, async (i) => {
      await sleep((i * 7) % 5);
      return i;
    }),
  );
  assert.deepEqual(results, items);
});

test('inOrder has no more under way than it is wide, and lends no slot twice', async () => {
  const busy = new Set<number>();
  let most = 0;
  const work = async (i: number, slot: number) => {
    assert.ok(!busy.has(slot), `slot ${slot} is free for ${i}`);
    busy.add(slot);
    most = Math.max(most, busy.size);
    await sleep(1);
    return slot;
  };
  for await (const slot of inOrder(Array(30).keys(), 3, work)) {
    await sleep(2); // a slow consumer holds the slot meanwhile
    busy.delete(slot);
  }
  assert.equal(most, 3);
});

test('inOrder fails in its turn, and not before all work has come to rest', async () => {
  let underWay = 0;
  const seen: number[] = [];
  const work = async (i: number) => {
    underWay++;
    await sleep(i === 2 ? 0 : 20);
    underWay--;
    if (i === 2) throw new Error('two');
    return i;
  };
  await assert.rejects(async () => {
    for await (const i of inOrder([0, 1, 2, 3, 4, 5], 4, work)) seen.push(i);
  }, /two/);
  assert.deepEqual([seen, underWay], [[0, 1], 0]);
});

test('inOrder lets work come to rest when the consumer leaves', async () => {
  let underWay = 0;
  const work = async () => {
    underWay++;
    await sleep(5);
    underWay--;
  };
  for await (const _ of inOrder([1, 2, 3, 4], 3, work)) break;
  assert.equal(underWay, 0);
});
