import type { KeyDocument, KeyKind, KeyPolicy, KeyUses } from './key-document.ts';
import { USE_LIMITS } from './key-limits.ts';
import { newestActive } from './usable-key.ts';

/** Why a key is to be rotated. limit: close to what its cipher allows · none-active: it cannot seal at all. */
export type RotationReason = 'age' | 'uses' | 'expiry' | 'limit' | 'none-active';

const DAY_MS = 86_400_000;

/** 90 days for data keys, as most standards have it. Other kinds cannot be rotated without the application's help. */
export const DEFAULT_POLICIES: Readonly<Record<KeyKind, KeyPolicy>> = {
  data: { rotateAfterMs: 90 * DAY_MS, rotateAfterUses: null, expireAfterMs: null },
  index: { rotateAfterMs: null, rotateAfterUses: null, expireAfterMs: null },
  vault: { rotateAfterMs: null, rotateAfterUses: null, expireAfterMs: null },
  secret: { rotateAfterMs: null, rotateAfterUses: null, expireAfterMs: null },
};

/**
 * Why a key is due for rotation, or null. Pure: the same document, uses and moment give the same answer.
 *
 * @param uses By version.
 * @param now ms since the epoch.
 */
export function rotationReason(
  document: KeyDocument,
  uses: ReadonlyMap<number, KeyUses>,
  now: number,
): RotationReason | null {
  if (document.deletedAt !== null) return null;
  const { policy, versions } = document;
  const newest = newestActive(document, now);
  if (!newest) return versions.some(({ state }) => state === 'pre-active') ? null : 'none-active';
  // The next one is there already and waits for its time.
  if (versions.some(({ version, state }) => version > newest.version && state === 'pre-active')) return null;

  const counted = uses.get(newest.version);
  const used = counted ? counted.reserved - counted.returned : 0;
  if (newest.suite !== null && used >= USE_LIMITS[newest.suite].soft) return 'limit';
  if (policy.rotateAfterUses !== null && used >= policy.rotateAfterUses) return 'uses';
  if (newest.expiresAt !== null && newest.expiresAt - expiryLeadMs(policy) <= now) return 'expiry';
  const since = newest.activatesAt ?? newest.createdAt;
  return policy.rotateAfterMs !== null && now - since >= policy.rotateAfterMs ? 'age' : null;
}

// A little before it expires, so that there is no time without a key that seals.
function expiryLeadMs({ expireAfterMs }: KeyPolicy): number {
  return Math.min(DAY_MS, (expireAfterMs ?? 0) / 10);
}
