import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KeyEvent } from './key-event.ts';
import { type UsageAlert, usageMonitor } from './usage-monitor.ts';

const MINUTE_MS = 60_000;
const START = 1_795_000_020_000; // on a full minute
const id = { scope: 't1', name: 'customers' };
const event = (change: Partial<KeyEvent>): KeyEvent => ({
  ...id,
  type: 'sealed',
  at: START,
  version: 1,
  count: 1,
  purpose: 'customer.email',
  reason: null,
  ...change,
});

/** A monitor that has seen 100 uses a minute, give or take 20, for two days. */
function learned() {
  const monitor = usageMonitor();
  const told: UsageAlert[] = [];
  for (let minute = 0; minute < 2 * 1440; minute++) {
    told.push(...monitor.observe(event({ at: START + minute * MINUTE_MS, count: minute % 2 === 0 ? 80 : 120 })));
  }
  return { monitor, told, now: START + 2 * 1440 * MINUTE_MS };
}

describe('a usage monitor', () => {
  test('says nothing of what is usual', () => assert.deepEqual(learned().told, []));

  test('knows the usual rate', () => {
    const { monitor, now } = learned();
    const [rate] = monitor.rates(now);
    assert.ok(rate!.perMinute > 95 && rate!.perMinute < 105, String(rate!.perMinute));
  });

  test('tells once a minute of a rate far above it', () => {
    const { monitor, now } = learned();
    assert.deepEqual(monitor.observe(event({ at: now, count: 300 })), []);
    const [alert, ...others] = monitor.observe(event({ at: now + 1_000, count: 300 }));
    assert.deepEqual([alert?.kind, alert?.count, others.length], ['high-rate', 600, 0]);
    assert.deepEqual(monitor.observe(event({ at: now + 2_000, count: 300 })), []);
    assert.equal(monitor.observe(event({ at: now + MINUTE_MS, count: 900 }))[0]?.kind, 'high-rate');
  });

  test('tells of a purpose that a known key never served, once', () => {
    const { monitor, now } = learned();
    const [alert] = monitor.observe(event({ at: now, purpose: 'backup.dump' }));
    assert.deepEqual([alert?.kind, alert?.purpose], ['new-purpose', 'backup.dump']);
    assert.deepEqual(monitor.observe(event({ at: now, purpose: 'backup.dump' })), []);
  });

  test('learns a new key before it speaks of it', () => {
    const monitor = usageMonitor();
    for (let i = 0; i < 60; i++) {
      assert.deepEqual(monitor.observe(event({ at: START + i * MINUTE_MS, count: 5_000, purpose: `p${i}` })), []);
    }
  });

  test('tells of many values that do not open in a minute, also of a new key', () => {
    const monitor = usageMonitor();
    const failures = [0, 1, 2, 3, 4, 5].map((i) =>
      monitor.observe(event({ type: 'open-failed', at: START + i * 1_000 })),
    );
    assert.deepEqual(
      failures.map((alerts) => alerts.map(({ kind }) => kind)),
      [[], [], [], [], ['failures'], []],
    );
    const slow = [1, 2, 3, 4, 5, 6].map((i) =>
      monitor.observe(event({ type: 'open-failed', at: START + i * MINUTE_MS })),
    );
    assert.deepEqual(slow.flat(), []);
  });

  test('counts on for a clock that was set back', () => {
    const { monitor, now } = learned();
    monitor.observe(event({ at: now, count: 300 }));
    assert.equal(monitor.observe(event({ at: now - 3_600_000, count: 300 }))[0]?.kind, 'high-rate');
  });
});
