import { KeyringError } from './errors.ts';
import type { KeyId } from './key-document.ts';
import { nameOf } from './key-loader.ts';
import type { SingleFlightCache } from './single-flight-cache.ts';
import { joinId } from './stores/store-rules.ts';
import { leaseOf, sealingVersion, type UsableKey, type UsableVersion } from './usable-key.ts';
import type { UseLeases } from './use-leases.ts';

/** What may be done with a key beyond the ordinary; part of what keys are cached by. */
export interface Access {
  /** Open what compromised versions sealed. Each time is an event. */
  readonly allowCompromised?: boolean;
}

/** Work that seals with the newest active version. */
export interface SealingWork<R> {
  /** Seals this often. */
  readonly uses: number;
  readonly bytes: number;
  run(version: UsableVersion, key: UsableKey): R;
}

/** Work that opens what a version sealed. */
export interface OpeningWork<R> extends Access {
  /** base64url: the versions that are needed, where they are known. */
  readonly kids: readonly string[];
  readonly bytes: number;
  run(key: UsableKey): R;
}

/** The way to a key's material: cached, leased, re-checked at each use. Nothing of it is to be kept beyond `run`. */
export interface KeyAccess {
  sealing<R>(id: KeyId, work: SealingWork<R>): Promise<R>;
  /** @throws KeyringError ERR_KEY_NOT_WARM, and as `sealing` */
  sealingSync<R>(id: KeyId, work: SealingWork<R>): R;
  opening<R>(id: KeyId, work: OpeningWork<R>): Promise<R>;
  /** @throws KeyringError ERR_KEY_NOT_WARM, and as `opening` */
  openingSync<R>(id: KeyId, work: OpeningWork<R>): R;
}

/** What a key is cached by: keys that were loaded for one access never serve another. */
export function cacheId(id: KeyId, { allowCompromised = false }: Access = {}): string {
  return `${allowCompromised ? 'compromised' : 'usable'}:${joinId(id)}`;
}

interface AccessOptions {
  readonly cache: SingleFlightCache<UsableKey>;
  readonly leases: UseLeases;
  readonly now: () => number;
}

/** Access to keys on a cache and leases. */
export function keyAccess({ cache, leases, now }: AccessOptions): KeyAccess {
  /** Does the work if all that it needs is there. */
  function trySealing<R>(id: KeyId, work: SealingWork<R>): { result: R } | undefined {
    return cache.useSync(cacheId(id), work, (key) => {
      const version = sealingVersion(key, now());
      const leased = leaseOf(key, version);
      if (leased && !leases.takeSync(leased, work.uses)) return undefined;
      return { result: work.run(version, key) };
    })?.result;
  }

  return {
    async sealing(id, work) {
      const done = trySealing(id, work);
      if (done) return done.result;
      return cache.use(cacheId(id), work, async (key) => {
        const version = sealingVersion(key, now());
        const leased = leaseOf(key, version);
        if (leased) await leases.take(leased, work.uses);
        return work.run(version, key);
      });
    },

    sealingSync(id, work) {
      const done = trySealing(id, work);
      if (done) return done.result;
      throw notWarm(id);
    },

    async opening(id, work) {
      const [cached, spent] = [cacheId(id, work), { uses: work.kids.length, bytes: work.bytes }];
      const done = cache.useSync(cached, spent, (key) =>
        knowsAll(key, work.kids) ? { result: work.run(key) } : undefined,
      )?.result;
      if (done) return done.result;
      // A version that is not known here may have come from another process since.
      const isKnown = await cache.use(cached, NOTHING, (key) => knowsAll(key, work.kids));
      if (!isKnown && cache.ageMs(cached) >= RELOAD_AFTER_MS) await cache.reload(cached);
      return cache.use(cached, spent, work.run);
    },

    openingSync(id, work) {
      const cached = cacheId(id, work);
      const done = cache.useSync(cached, { uses: work.kids.length, bytes: work.bytes }, (key) => {
        // It fails this time; if another process made the version, not the next.
        if (!knowsAll(key, work.kids) && cache.ageMs(cached) >= RELOAD_AFTER_MS) cache.reload(cached).catch(() => {});
        return work.run(key);
      });
      if (!done) throw notWarm(id);
      return done.result;
    },
  };
}

const NOTHING = { uses: 0, bytes: 0 };

/** Foreign kids, which no reload will find, must not cost one each time. */
const RELOAD_AFTER_MS = 1_000;

function knowsAll({ versions }: UsableKey, kids: readonly string[]): boolean {
  return kids.every((kid) => versions.has(kid));
}

function notWarm(id: KeyId): KeyringError {
  return new KeyringError('ERR_KEY_NOT_WARM', `key ${nameOf(id)} is not at hand: await warm() first, or try again`);
}
