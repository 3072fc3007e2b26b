import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Counters, createRates } from './rates.ts';
import { manualClock } from './testing/clock.ts';

const counters = (bytes: Record<string, number>): Counters =>
  new Map(Object.entries(bytes).map(([disk, read]) => [disk, { 'disk.read': read }]));

describe('a rate', () => {
  const cases: {
    name: string;
    before: Record<string, number>;
    after: Record<string, number>;
    value?: number | null;
  }[] = [
    {
      name: 'is the growth over the real time between two calls',
      before: { sda: 1000 },
      after: { sda: 5000 },
      value: 1600,
    },
    { name: 'is 0 where nothing happened', before: { sda: 1000 }, after: { sda: 1000 }, value: 0 },
    { name: 'is null after a counter went back', before: { sda: 1000 }, after: { sda: 10 }, value: null },
    { name: 'is left out for a disk seen for the first time', before: {}, after: { sda: 1000 } },
    { name: 'is left out for a disk that has gone', before: { sda: 1000 }, after: {} },
  ];
  for (const c of cases) {
    test(c.name, () => {
      const clock = manualClock();
      const rates = createRates(clock.now);
      assert.deepEqual(rates(counters(c.before)), []);
      clock.advance(2500);
      const expected = c.value === undefined ? [] : [{ metric: 'disk.read', instance: 'sda', value: c.value }];
      assert.deepEqual(rates(counters(c.after)), expected);
    });
  }

  test('is left out when no time has passed', () => {
    const rates = createRates(() => 5);
    rates(counters({ sda: 1 }));
    assert.deepEqual(rates(counters({ sda: 2 })), []);
  });

  test('of a disk that came back starts anew', () => {
    const clock = manualClock();
    const rates = createRates(clock.now);
    for (const seen of [{ sda: 1000 }, {}, { sda: 5000 }]) {
      assert.deepEqual(rates(counters(seen as Record<string, number>)), []);
      clock.advance(1000);
    }
  });
});
