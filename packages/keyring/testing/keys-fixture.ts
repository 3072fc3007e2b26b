import { generateKey } from '@bulwark/crypto';
import type { KeyEvent } from '../src/key-event.ts';
import { type Keys, type KeysOptions, openKeys } from '../src/keys.ts';
import { localRoot } from '../src/root.ts';
import { memoryStore } from '../src/stores/memory.ts';
import type { VersionedKeyStore } from '../src/versioned-store.ts';

/** The moment at which the fixture's clock starts, ms since the epoch. */
export const START = 1_795_000_000_000;

/** Open keys on a store in memory, with a clock that a test sets and every event kept. */
export interface KeysFixture {
  readonly keys: Keys;
  readonly store: VersionedKeyStore;
  readonly root: ReturnType<typeof localRoot>;
  readonly events: KeyEvent[];
  readonly clock: { now: number };
  /** The same store, root and clock in what is another process to all intents, with options of its own. */
  again(options?: Partial<KeysOptions>): Keys;
}

/** Makes a fixture. */
export function keysFixture(options: Partial<KeysOptions> = {}): KeysFixture {
  const store = options.store ?? memoryStore();
  const root = localRoot(generateKey());
  const clock = { now: START };
  const events: KeyEvent[] = [];
  const defaults: KeysOptions = { store, roots: [root], now: () => clock.now, onEvent: (event) => events.push(event) };
  return {
    keys: openKeys({ ...defaults, ...options }),
    store,
    root,
    events,
    clock,
    again: (own = {}) => openKeys({ ...defaults, ...options, ...own }),
  };
}
