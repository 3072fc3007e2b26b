import { AsyncLocalStorage } from 'node:async_hooks';
import { generateKey } from '@bulwark/crypto';
import { type Keys, localRoot, memoryStore, openKeys, type VersionedKeyStore } from '@bulwark/keyring';
import type { FieldEvent } from '../src/events.ts';
import { type Fields, type FieldsOptions, openFields } from '../src/fields.ts';

/** Open fields on keys in memory, that can be taken away. */
export interface FieldsFixture {
  readonly fields: Fields;
  readonly keys: Keys;
  readonly events: FieldEvent[];
  /** The tenant of the moment, for tables whose scope no column names. */
  asTenant<R>(tenant: string, work: () => R): R;
  /** As if the store of keys had stopped answering an hour ago: nothing is cached any more. */
  takeKeysAway(): void;
  bringKeysBack(): void;
  /** What another process would open on the same keys. */
  again(options?: Partial<FieldsOptions>): Fields;
}

const HOUR_MS = 3_600_000;

/** Makes a fixture. */
export function fieldsFixture(options: Omit<FieldsOptions, 'keys'>): FieldsFixture {
  const tenant = new AsyncLocalStorage<string>();
  const clock = { ahead: 0, isAway: false };
  const store = switchedStore(memoryStore(), () => clock.isAway);
  const root = localRoot(generateKey());
  const keys = openKeys({ store, roots: [root], now: () => Date.now() + clock.ahead });
  const events: FieldEvent[] = [];
  const open = (own: Partial<FieldsOptions> = {}) =>
    openFields({
      keys,
      scope: () => tenant.getStore(),
      onEvent: (event) => events.push(event),
      ...options,
      ...own,
    });
  return {
    fields: open(),
    keys,
    events,
    asTenant: (name, work) => tenant.run(name, work),
    takeKeysAway() {
      clock.isAway = true;
      clock.ahead += HOUR_MS;
    },
    bringKeysBack() {
      clock.isAway = false;
      clock.ahead += HOUR_MS;
    },
    again: open,
  };
}

/** A store whose every call fails while it is away. */
function switchedStore(store: VersionedKeyStore, isAway: () => boolean): VersionedKeyStore {
  return new Proxy(store, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) =>
        isAway() ? Promise.reject(new Error('connect ECONNREFUSED')) : (Reflect.apply(member, target, args) as unknown);
    },
  });
}
