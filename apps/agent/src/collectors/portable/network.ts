import { isOwnInterface } from '../interfaces.ts';
import { type Counters, createRates } from '../rates.ts';
import type { Collect } from '../reading.ts';
import { systemInformation } from '../system-information.ts';

/** Bytes and errors by interface; the library counts no packets. */
export function networkCollector(now: () => number): Collect {
  const rates = createRates(now);
  return async () => {
    const si = await systemInformation();
    const counters: Counters = new Map();
    for (const { iface, rx_bytes, tx_bytes, rx_errors, tx_errors } of await si.networkStats('*')) {
      if (!isOwnInterface(iface)) continue;
      counters.set(iface, {
        'network.receive': rx_bytes,
        'network.send': tx_bytes,
        'network.receive_errors': rx_errors,
        'network.send_errors': tx_errors,
      });
    }
    return { points: rates(counters) };
  };
}
