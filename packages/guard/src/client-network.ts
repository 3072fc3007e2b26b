import { isIPv4, isIPv6 } from 'node:net';

/**
 * The network that one client can be expected to hold: the /24 of an IPv4 address, the /64 of an IPv6 address. An IPv4
 * address written as IPv6 (`::ffff:192.0.2.1`) is an IPv4 address.
 *
 * @param address Without port, with or without a zone (`fe80::1%eth0`).
 * @returns `192.0.2.0/24` or `2001:db8:0:1::/64`; the address itself where it is neither kind.
 */
export function clientNetwork(address: string): string {
  if (isIPv4(address)) return networkOf4(address);
  if (!isIPv6(address)) return address;
  const groups = groupsOf(address);
  const [high = 0, low = 0] = groups.slice(6);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return networkOf4([high >> 8, high & 0xff, low >> 8, low & 0xff].join('.'));
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

function networkOf4(address: string): string {
  return `${address.slice(0, address.lastIndexOf('.'))}.0/24`;
}

/** The eight 16-bit groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const [plain = ''] = address.split('%');
  const hex = plain.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(0, 4).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = '', tail] = hex.split('::');
  const parse = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const first = parse(head);
  if (tail === undefined) return first;
  const last = parse(tail);
  return [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last];
}
