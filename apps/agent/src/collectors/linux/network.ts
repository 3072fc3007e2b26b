import { isOwnInterface } from '../interfaces.ts';
import { type Counters, createRates } from '../rates.ts';
import type { Collect } from '../reading.ts';
import type { Tree } from './tree.ts';

const INTERFACES_MAX = 100;

/** Traffic by interface, from /proc/net/dev. */
export function networkCollector(tree: Tree, now: () => number): Collect {
  const rates = createRates(now);
  return () => ({ points: rates(parseInterfaceCounters(tree.readNow('/proc/net/dev'))) });
}

function parseInterfaceCounters(dev: string): Counters {
  const counters: Counters = new Map();
  for (const line of dev.split('\n').slice(2)) {
    const at = line.lastIndexOf(':'); // a wide number may follow without a space
    const name = line.slice(0, Math.max(at, 0)).trim();
    if (!name || !isOwnInterface(name) || counters.size === INTERFACES_MAX) continue;
    // bytes packets errors dropped fifo frame compressed multicast, then the same for sending
    const [received, receivedPackets, receiveErrors, , , , , , sent, sentPackets, sendErrors] = line
      .slice(at + 1)
      .trim()
      .split(/ +/)
      .map(Number);
    counters.set(name, {
      'network.receive': received ?? Number.NaN,
      'network.send': sent ?? Number.NaN,
      'network.receive_packets': receivedPackets ?? Number.NaN,
      'network.send_packets': sentPackets ?? Number.NaN,
      'network.receive_errors': receiveErrors ?? Number.NaN,
      'network.send_errors': sendErrors ?? Number.NaN,
    });
  }
  return counters;
}
