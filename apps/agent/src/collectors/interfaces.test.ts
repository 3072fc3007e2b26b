import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeInterfaces, isOwnInterface } from './interfaces.ts';

describe("a machine's own interfaces", () => {
  for (const name of [
    'eth0',
    'enp0s31f6',
    'wlan0',
    'wlp2s0',
    'bond0',
    'eth0.100',
    'wg0',
    'tun0',
    'br0',
    'en0',
    'Ethernet',
  ]) {
    test(`include ${name}`, () => assert.ok(isOwnInterface(name)));
  }
  for (const name of [
    'lo',
    'lo0',
    'veth12ab',
    'docker0',
    'br-0123456789ab',
    'cali1',
    'virbr0',
    'ifb0',
    'utun3',
    'sit0',
  ]) {
    test(`leave out ${name}`, () => assert.ok(!isOwnInterface(name)));
  }
});

test('an interface is described by its hardware and all its addresses', () => {
  const common = { netmask: '', mac: '02:00:00:00:00:01', internal: false, cidr: null };
  const addresses = [
    { ...common, family: 'IPv4' as const, address: '192.0.2.1' },
    { ...common, family: 'IPv6' as const, address: '2001:db8::1', scopeid: 0 },
  ];
  assert.deepEqual(describeInterfaces({ eth0: addresses, lo: addresses }), [
    { name: 'eth0', mac: '02:00:00:00:00:01', addresses: ['192.0.2.1', '2001:db8::1'] },
  ]);
});
