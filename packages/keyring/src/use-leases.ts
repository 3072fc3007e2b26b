import { setTimeout as sleep } from 'node:timers/promises';
import { KeyringError } from './errors.ts';
import { areGenuineUses, type KeyId, type KeyUses, signUses } from './key-document.ts';
import { altered, nameOf } from './key-loader.ts';
import type { KeyMaterial } from './key-material.ts';
import { joinId } from './stores/store-rules.ts';
import type { VersionedKeyStore } from './versioned-store.ts';

/** A version that is about to seal, and how often it may. */
export interface Leased {
  readonly id: KeyId;
  readonly version: number;
  readonly material: KeyMaterial;
  /** Uses at which sealing stops for good. */
  readonly hard: number;
  /** Uses to reserve at a time, at first, and by who is busy. */
  readonly block: number;
  readonly maxBlock: number;
}

/** Uses reserved in the store by this process, spent here one by one. */
export interface UseLeases {
  /**
   * Takes uses, reserving more where it must.
   *
   * @throws KeyringError ERR_KEY_SPENT, ERR_KEY_ALTERED, ERR_KEY_UNAVAILABLE, ERR_KEY_CONFLICT
   */
  take(leased: Leased, uses: number): Promise<void>;
  /** Takes uses that are reserved already; false where they are not, and then some are on their way. */
  takeSync(leased: Leased, uses: number): boolean;
  /** Reserves uses ahead, so that `takeSync` has some. */
  prepare(leased: Leased): Promise<void>;
  /** Hands back what was not spent, so that counts are exact after an orderly end. The leases are of no use then. */
  close(): Promise<void>;
}

interface LeaseOptions {
  readonly store: VersionedKeyStore;
  readonly now: () => number;
  /** Told of each reservation with the uses so far. */
  readonly onReserved: (id: KeyId, version: number, uses: number) => void;
}

interface Lease {
  leased: Leased;
  remaining: number;
  /** Of the next reservation; doubles while reservations follow each other quickly. */
  block: number;
  reservedAt: number;
  pending: Promise<void> | undefined;
  /** How far the stored counts were at the last look: they only grow. */
  seen: Pick<KeyUses, 'reserved' | 'returned'>;
}

const MAX_ATTEMPTS = 200;
const BUSY_MS = 10_000;

/**
 * Counts uses exactly across processes without asking the store each time: a process reserves a block, and spends it on
 * its own. One that crashes loses the rest of its block, so that the count is too high, never too low. Counts are
 * authenticated by the key itself: whoever writes the store cannot lower them, but may put back an older row, which is
 * noticed by processes that saw the newer one and by no others.
 */
export function createUseLeases({ store, now, onReserved }: LeaseOptions): UseLeases {
  const leases = new Map<string, Lease>();
  let isClosed = false;

  function leaseOf(leased: Leased): Lease {
    const key = `${joinId(leased.id)}${leased.version}`;
    let lease = leases.get(key);
    if (!lease) {
      const seen = { reserved: 0, returned: 0 };
      lease = { leased, remaining: 0, block: leased.block, reservedAt: 0, pending: undefined, seen };
      leases.set(key, lease);
    }
    return lease;
  }

  /** One reservation at a time for each version. */
  function renew(lease: Lease, atLeast: number): Promise<void> {
    lease.pending ??= reserve(lease, atLeast).finally(() => {
      lease.pending = undefined;
    });
    return lease.pending;
  }

  async function reserve(lease: Lease, atLeast: number): Promise<void> {
    const { id, version, hard, maxBlock } = lease.leased;
    await swap(lease, (uses) => {
      const left = hard - (uses.reserved - uses.returned);
      const granted = Math.min(Math.max(lease.block, atLeast), left);
      if (granted < atLeast || granted < 1) {
        throw new KeyringError(
          'ERR_KEY_SPENT',
          `key ${nameOf(id)} version ${version} has sealed all it may; rotate it`,
        );
      }
      return { ...uses, reserved: uses.reserved + granted, lastUsedAt: Math.max(now(), uses.lastUsedAt ?? 0) };
    });
    const time = now();
    if (time - lease.reservedAt < BUSY_MS) lease.block = Math.max(lease.block, Math.min(lease.block * 2, maxBlock));
    lease.reservedAt = time;
  }

  async function swap(lease: Lease, change: (uses: KeyUses) => Omit<KeyUses, 'mac'>): Promise<void> {
    const { id, version, material } = lease.leased;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const before = await store.readUses(id, version);
      if (!before || !areGenuineUses(id, version, before, material.macKey)) {
        throw altered(id, 'its uses are not what was stored');
      }
      if (before.reserved < lease.seen.reserved || before.returned < lease.seen.returned) {
        throw altered(id, 'an older count of its uses was put back');
      }
      const { reserved, returned, lastUsedAt } = change(before);
      const after = signUses(id, version, { reserved, returned, lastUsedAt }, material.macKey);
      if (await store.swapUses(id, version, before, after)) {
        lease.seen = { reserved, returned };
        const granted = reserved - before.reserved;
        lease.remaining += granted;
        if (granted > 0) onReserved(id, version, reserved - returned);
        return;
      }
      await sleep(Math.random() * Math.min(50, attempt + 1));
    }
    throw new KeyringError('ERR_KEY_CONFLICT', `others reserve uses of key ${nameOf(id)} all the while`);
  }

  function spend(lease: Lease, uses: number): boolean {
    if (isClosed || lease.remaining < uses) return false;
    lease.remaining -= uses;
    // Ahead of need, so that hardly anybody waits. Who then does, learns why it failed.
    if (lease.remaining < lease.block / 2) renew(lease, 1).catch(() => {});
    return true;
  }

  return {
    async take(leased, uses) {
      const lease = leaseOf(leased);
      while (!spend(lease, uses)) {
        if (isClosed) throw new KeyringError('ERR_KEY_UNAVAILABLE', 'the keys were closed');
        await renew(lease, uses - lease.remaining);
      }
    },
    takeSync(leased, uses) {
      const lease = leaseOf(leased);
      if (spend(lease, uses)) return true;
      if (!isClosed) renew(lease, uses - lease.remaining).catch(() => {});
      return false;
    },
    async prepare(leased) {
      const lease = leaseOf(leased);
      if (lease.remaining < lease.block / 2) await renew(lease, 1);
    },
    async close() {
      isClosed = true;
      for (const lease of leases.values()) {
        await lease.pending?.catch(() => {});
        const unspent = lease.remaining;
        lease.remaining = 0;
        if (unspent === 0) continue;
        // With the store away the count stays too high, which is the safe side, and no reason not to end.
        await swap(lease, (uses) => ({ ...uses, returned: uses.returned + unspent })).catch(() => {});
      }
      leases.clear();
    },
  };
}
