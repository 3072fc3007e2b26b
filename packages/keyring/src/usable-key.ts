import type { FieldKey } from '@bulwark/crypto';
import { KeyringError, type KeyringErrorCode } from './errors.ts';
import type { KeyDocument, KeyKind, KeyVersion } from './key-document.ts';
import { USE_LIMITS } from './key-limits.ts';
import { type LoadedKey, nameOf } from './key-loader.ts';
import type { KeyMaterial } from './key-material.ts';
import { stateAt } from './key-state.ts';
import type { Leased } from './use-leases.ts';

/** A version that may be used, with its material. */
export interface UsableVersion {
  readonly version: KeyVersion;
  readonly material: KeyMaterial;
}

/** A loaded key, ready to seal and open. Whether it may is decided anew at each use: states change with time. */
export interface UsableKey {
  readonly loaded: LoadedKey;
  /** Those that are unwrapped, by base64url kid. */
  readonly byKid: ReadonlyMap<string, UsableVersion>;
  /** All of them, by base64url kid. */
  readonly versions: ReadonlyMap<string, KeyVersion>;
  /** ms since the epoch: earlier than this it cannot be, whatever the clock says. */
  readonly notBefore: number;
}

/**
 * Indexes a loaded key for use.
 *
 * @param allowCompromised Whether compromised versions may be used. One that authenticates the document is loaded in any
 *   case, and is left out here otherwise.
 */
export function usableKey(loaded: LoadedKey, allowCompromised: boolean): UsableKey {
  const { document, material } = loaded;
  const byKid = new Map<string, UsableVersion>();
  for (const version of document.versions) {
    const own = material.get(version.version);
    const mayBeUsed = allowCompromised || version.state !== 'compromised';
    if (own && mayBeUsed) byKid.set(version.kid, { version, material: own });
  }
  const versions = new Map(document.versions.map((version) => [version.kid, version]));
  return { loaded, byKid, versions, notBefore: latestTimeOf(loaded) };
}

/** The latest moment that a key has recorded. A clock behind it was set back, and must not bring expired keys back. */
export function latestTimeOf({ document, material, stored }: LoadedKey): number {
  const used = [...material.keys()].map((version) => stored.uses.get(version)?.lastUsedAt ?? 0);
  return Math.max(document.changedAt, ...used);
}

/**
 * The version that seals now: the newest active one.
 *
 * @throws KeyringError ERR_KEY_DELETED, ERR_KEY_STATE
 */
export function sealingVersion(key: UsableKey, now: number): UsableVersion {
  const { document } = key.loaded;
  requireNotDeleted(document);
  const newest = newestActive(document, Math.max(now, key.notBefore));
  const usable = newest && key.byKid.get(newest.kid);
  if (!usable) throw new KeyringError('ERR_KEY_STATE', `key ${nameOf(document)} has no active version: rotate it`);
  return usable;
}

/** The newest version that is active at a moment and may seal. */
export function newestActive(document: KeyDocument, now: number): KeyVersion | undefined {
  return document.versions.findLast((v) => v.version >= document.minEncryptVersion && stateAt(v, now) === 'active');
}

/**
 * The version with a kid, if it may open.
 *
 * @returns undefined where the key has no such version.
 * @throws KeyringError ERR_KEY_DELETED, ERR_KEY_STATE, ERR_KEY_COMPROMISED, ERR_KEY_DESTROYED
 */
export function openingVersion(key: UsableKey, kid: string, now: number): UsableVersion | undefined {
  const { document } = key.loaded;
  requireNotDeleted(document);
  const version = key.versions.get(kid);
  if (!version) return undefined;
  const refused = (code: KeyringErrorCode, why: string) =>
    new KeyringError(code, `version ${version.version} of key ${nameOf(document)} ${why}`);
  const state = stateAt(version, Math.max(now, key.notBefore));
  if (state === 'destroyed') throw refused('ERR_KEY_DESTROYED', 'was destroyed');
  if (state === 'pre-active') throw refused('ERR_KEY_STATE', 'is not active yet');
  if (version.version < document.minDecryptVersion) throw refused('ERR_KEY_STATE', 'is below the lowest that opens');
  const usable = key.byKid.get(kid);
  if (!usable) throw refused('ERR_KEY_COMPROMISED', 'is compromised');
  return usable;
}

/** At most this part of a key's limit is reserved at a time. */
const MAX_SHARE = 1 / 4096;

/** What a version may be leased for. Kinds without a suite are not counted. */
export function leaseOf({ loaded: { document } }: UsableKey, { version, material }: UsableVersion): Leased | undefined {
  if (version.suite === null) return undefined;
  const { hard, block } = USE_LIMITS[version.suite];
  const leased = { id: document, version: version.version, material, hard };
  const { rotateAfterUses } = document.policy;
  if (rotateAfterUses === null) return { ...leased, block, maxBlock: hard * MAX_SHARE };
  // Small ones where rotation by use is asked for, or counts would be too high by much.
  const small = Math.max(1, Math.min(block, Math.floor(rotateAfterUses / 16)));
  return { ...leased, block: small, maxBlock: small };
}

/** @throws KeyringError ERR_KEY_STATE */
export function requireKind({ loaded: { document } }: UsableKey, kind: KeyKind): void {
  if (document.kind === kind) return;
  throw new KeyringError('ERR_KEY_STATE', `key ${nameOf(document)} is of kind ${document.kind}, not ${kind}`);
}

/** The field key of a version of a data key. */
export function fieldKeyOf({ material }: UsableVersion): FieldKey {
  return material.fieldKey!;
}

function requireNotDeleted(document: KeyDocument): void {
  if (document.deletedAt === null) return;
  throw new KeyringError('ERR_KEY_DELETED', `key ${nameOf(document)} was deleted`);
}
