import { KeyringError } from './errors.ts';
import { type FieldOperations, fieldOperations } from './field-operations.ts';
import { type Access, cacheId, keyAccess } from './key-access.ts';
import { type KeyBackup, keyBackup } from './key-backup.ts';
import { type KeyDestruction, keyDestruction } from './key-destruction.ts';
import type { KeyId } from './key-document.ts';
import type { KeyEngine } from './key-engine.ts';
import { emitTo, type KeyEventSink, reasonOf } from './key-event.ts';
import { type KeyLifecycle, keyLifecycle } from './key-lifecycle.ts';
import { createKeyLoader, guardStore } from './key-loader.ts';
import { eraseMaterial } from './key-material.ts';
import { type OtherOperations, otherOperations } from './other-operations.ts';
import type { RootProvider } from './root.ts';
import { type RotationReport, rotateExpired } from './rotate-expired.ts';
import { type CacheLimits, SingleFlightCache } from './single-flight-cache.ts';
import { joinId } from './stores/store-rules.ts';
import { leaseOf, sealingVersion, type UsableKey, usableKey } from './usable-key.ts';
import { createUseLeases } from './use-leases.ts';
import type { VersionedKeyStore } from './versioned-store.ts';

/** How keys are opened. */
export interface KeysOptions {
  readonly store: VersionedKeyStore;
  /** Who wraps the keys: each key to all of them, so that any one opens it. The first that answers is asked. */
  readonly roots: readonly [RootProvider, ...RootProvider[]];
  /** Who wrapped them before: asked to unwrap, until `rewrap` has moved every key to `roots`. */
  readonly formerRoots?: readonly RootProvider[];
  /** ms since the epoch; the system's clock by default. */
  readonly now?: () => number;
  readonly cache?: CacheLimits;
  /** Told of everything that happens to keys. */
  readonly onEvent?: KeyEventSink;
  /** How long a deleted key can be restored; 30 days by default. */
  readonly restoreWithinMs?: number;
  /** Signs receipts of destruction: Ed25519, 32 bytes. */
  readonly receiptKey?: Uint8Array;
}

/** Keys by name: their life, and what they seal and open. */
export interface Keys extends KeyLifecycle, KeyDestruction, KeyBackup, FieldOperations, OtherOperations {
  /** Names of all keys, of one scope or of all. */
  list(scope?: string): Promise<KeyId[]>;
  /** Rotates the keys that are due by age, use, expiry or their cipher's limit. */
  rotateExpired(scope?: string): Promise<RotationReport>;
  /**
   * Loads keys for the synchronous forms, and keeps them at hand until `close`; those that may open what compromised
   * versions sealed only for as long as the cache does.
   *
   * @throws KeyringError as loading does
   */
  warm(ids: readonly KeyId[], access?: Access): Promise<void>;
  /** Forgets what is cached of a key, so that a change made by another process counts at once. */
  refresh(id: KeyId): Promise<void>;
  /**
   * Loads a key again, so that a change made by another process counts, while what is cached goes on serving.
   *
   * @throws KeyringError as loading does: then it does not count yet
   */
  reload(id: KeyId): Promise<void>;
  /** Erases keys from memory and hands back unspent uses. Nothing works afterwards. */
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;
const DEFAULT_MAX_AGE_MS = 300_000;

/**
 * Opens the keys of a store. Nothing is read until a key is used.
 *
 * @throws KeyringError ERR_ARGUMENT (no root)
 */
export function openKeys(options: KeysOptions): Keys {
  const { roots, formerRoots = [], now = Date.now, cache: limits = {}, restoreWithinMs = 30 * DAY_MS } = options;
  if (roots.length === 0) throw new KeyringError('ERR_ARGUMENT', 'roots must name at least one root provider');
  const store = guardStore(options.store);
  const emit = emitTo(options.onEvent, now);
  const loader = createKeyLoader(store, [...roots, ...formerRoots], now);
  const leases = createUseLeases({
    store,
    now,
    onReserved: (id, version, uses) => emit('leased', id, { version, count: uses }),
  });

  const warm = new Map<string, KeyId>();
  const cache = new SingleFlightCache<UsableKey>({
    now,
    limits,
    async load(cached) {
      const id = idOf(cached);
      const isPlain = cached === cacheId(id);
      try {
        const key = usableKey(await loader.load(id, isPlain ? 'usable' : 'compromised'), !isPlain);
        emit('loaded', id);
        if (isPlain && warm.has(joinId(id))) await prepareLease(key);
        return key;
      } catch (error) {
        emit('load-failed', id, { reason: reasonOf(error) });
        throw error;
      }
    },
    dispose: ({ loaded }) => eraseMaterial(loaded.material.values()),
  });

  // So that synchronous sealing finds uses reserved. A key that can only open is warm as well.
  async function prepareLease(key: UsableKey): Promise<void> {
    try {
      const leased = leaseOf(key, sealingVersion(key, now()));
      if (leased) await leases.prepare(leased);
    } catch (error) {
      if (!['ERR_KEY_STATE', 'ERR_KEY_DELETED', 'ERR_KEY_SPENT'].includes(reasonOf(error))) throw error;
    }
  }

  async function onChanged(id: KeyId, isRestricted: boolean): Promise<void> {
    cache.evict(cacheId(id, { allowCompromised: true }));
    if (isRestricted) cache.evict(cacheId(id));
    if (!warm.has(joinId(id))) cache.evict(cacheId(id));
    // The change is made; that the key cannot be loaded now, whoever uses it will learn.
    else await cache.reload(cacheId(id)).catch(() => {});
  }

  const keepWarm = setInterval(
    () => {
      for (const id of warm.values()) if (cache.isAgeing(cacheId(id))) cache.reload(cacheId(id)).catch(() => {});
    },
    Math.min(30_000, (limits.maxAgeMs ?? DEFAULT_MAX_AGE_MS) / 6),
  ).unref();

  const engine: KeyEngine = { store, roots, loader, now, emit, restoreWithinMs, onChanged };
  const access = keyAccess({ cache, leases, now });
  const lifecycle = keyLifecycle(engine);
  return {
    ...lifecycle,
    ...keyDestruction(engine, options.receiptKey ?? null),
    ...keyBackup(engine),
    ...fieldOperations(access, emit, now),
    ...otherOperations(access, emit, now),
    list: (scope) => store.list(scope),
    rotateExpired: (scope) => rotateExpired(engine, lifecycle, scope),
    async warm(ids, { allowCompromised = false } = {}) {
      if (allowCompromised) {
        for (const id of ids) await cache.use(cacheId(id, { allowCompromised }), { uses: 0, bytes: 0 }, () => {});
        return;
      }
      for (const id of ids) warm.set(joinId(id), id);
      await Promise.all(
        ids.map((id) =>
          cache.use(cacheId(id), { uses: 0, bytes: 0 }, async (key) => {
            await prepareLease(key);
          }),
        ),
      );
    },
    refresh: (id) => onChanged(id, true),
    async reload(id) {
      cache.evict(cacheId(id, { allowCompromised: true }));
      if (warm.has(joinId(id))) await cache.reload(cacheId(id));
      else cache.evict(cacheId(id));
    },
    async close() {
      clearInterval(keepWarm);
      warm.clear();
      await leases.close();
      cache.clear();
    },
  };
}

/** The key that `cacheId` made a cache's id of. */
function idOf(cached: string): KeyId {
  const [scope, name] = JSON.parse(cached.slice(cached.indexOf(':') + 1)) as [string, string];
  return { scope, name };
}
