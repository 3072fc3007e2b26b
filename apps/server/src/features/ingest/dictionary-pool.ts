import type { Dictionary } from '@bulwark/telemetry';
import { nameOf, remember } from './machine-session.ts';

/** Gives the dictionary in use that is equal, or the one it was given. */
export type DictionaryPool = (dictionary: Dictionary) => Dictionary;

/** Enough for a fleet of many kinds; one that was forgotten is kept twice, no more. */
const POOLED_MAX = 4096;

/**
 * Machines of a kind have the same dictionary. In memory once, it is still in the processor's cache when the next batch
 * comes. Held weakly: the pool keeps nothing that no machine uses.
 */
export function createDictionaryPool(): DictionaryPool {
  const pool = new Map<string, WeakRef<Dictionary>>();
  return (dictionary) => {
    const name = nameOf(dictionary.hash);
    const pooled = pool.get(name)?.deref();
    // The hash is so short that two dictionaries can be made to share one.
    if (pooled?.bytes.equals(dictionary.bytes)) return pooled;
    if (!pooled) remember(pool, name, new WeakRef(dictionary), POOLED_MAX);
    return dictionary;
  };
}
