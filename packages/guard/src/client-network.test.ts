import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clientNetwork } from './client-network.ts';

describe('clientNetwork is', () => {
  const cases: { name: string; address: string; network: string }[] = [
    { name: 'the /24 of IPv4', address: '192.0.2.77', network: '192.0.2.0/24' },
    { name: 'the /24 of IPv4 mapped into IPv6', address: '::ffff:192.0.2.77', network: '192.0.2.0/24' },
    { name: 'the /24 of mapped IPv4 in hex', address: '::FFFF:c000:024d', network: '192.0.2.0/24' },
    { name: 'the /24 of mapped IPv4 in full', address: '0:0:0:0:0:ffff:192.0.2.77', network: '192.0.2.0/24' },
    { name: 'the /64 of IPv6', address: '2001:db8:1:2:3:4:5:6', network: '2001:db8:1:2::/64' },
    { name: 'the /64 whatever the rest', address: '2001:0DB8:0001:2::ffff', network: '2001:db8:1:2::/64' },
    { name: 'the /64 where :: hides it', address: '2001:db8::1', network: '2001:db8:0:0::/64' },
    { name: 'the /64 without the zone', address: 'fe80::1%eth0', network: 'fe80:0:0:0::/64' },
    { name: 'the /64 of the loopback', address: '::1', network: '0:0:0:0::/64' },
    { name: 'the address where it is neither', address: '@unix', network: '@unix' },
  ];
  for (const { name, address, network } of cases) {
    test(name, () => assert.equal(clientNetwork(address), network));
  }
});
