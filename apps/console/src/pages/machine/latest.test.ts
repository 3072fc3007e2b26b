import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { latestOf } from './latest.ts';

const latest = latestOf([
  { metric: 'cpu.total', instance: '', unit: 'percent', value: 12 },
  { metric: 'network.receive', instance: 'eth0', unit: 'bytes/s', value: 100 },
  { metric: 'network.receive', instance: 'eth1', unit: 'bytes/s', value: null },
  { metric: 'network.receive', instance: 'eth2', unit: 'bytes/s', value: 5 },
]);

describe('latestOf', () => {
  test('finds the one value', () => assert.equal(latest.one('cpu.total'), 12));
  test('finds the value of an instance', () => assert.equal(latest.one('network.receive', 'eth2'), 5));
  test('has null for what was not reported', () => assert.equal(latest.one('uptime'), null));
  test('adds up what is known', () => assert.equal(latest.sum('network.receive'), 105));
  test('adds up nothing to null', () => assert.equal(latest.sum('disk.read'), null));
  test('lists instances', () => assert.deepEqual(latest.instances('network.receive'), ['eth0', 'eth1', 'eth2']));
});
