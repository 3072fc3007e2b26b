import type { KeyId, KeyKind, KeyPolicy } from './key-document.ts';
import type { KeyEngine } from './key-engine.ts';
import type { LoadedKey } from './key-loader.ts';
import { eraseMaterial } from './key-material.ts';
import { type KeyState, stateAt } from './key-state.ts';
import { type RotationReason, rotationReason } from './rotation-policy.ts';
import { latestTimeOf } from './usable-key.ts';

/** What is known of a version. Times are ms since the epoch. */
export interface VersionInfo {
  readonly version: number;
  /** base64url of the 18 bytes that values sealed under it carry. */
  readonly kid: string;
  /** The suite of a data key; otherwise what the material is. */
  readonly algorithm: string;
  /** At this moment. */
  readonly state: KeyState;
  readonly createdAt: number;
  readonly activatesAt: number | null;
  readonly expiresAt: number | null;
  /** Never less than what was used; exact once the processes that used it have closed their keys. */
  readonly uses: number;
  /** When it last sealed, accurate to a lease. */
  readonly lastUsedAt: number | null;
  /** The roots that can unwrap it. */
  readonly wrappedBy: readonly string[];
}

/** What is known of a key. */
export interface KeyInfo extends KeyId {
  readonly kind: KeyKind;
  readonly policy: KeyPolicy;
  readonly minDecryptVersion: number;
  readonly minEncryptVersion: number;
  readonly createdAt: number;
  readonly changedAt: number;
  readonly deletedAt: number | null;
  /** Why it is due for rotation, or null. */
  readonly rotationDue: RotationReason | null;
  /** Oldest first. */
  readonly versions: readonly VersionInfo[];
}

const ALGORITHMS: Readonly<Record<KeyKind, string>> = {
  data: 'XAES-256-GCM',
  index: 'HMAC-SHA256',
  vault: 'HPKE-X25519-AES-256-GCM',
  secret: 'HKDF-SHA512',
};

/** Reads and verifies what is known of a key. @throws KeyringError as loading does */
export async function describeKey({ loader, now }: KeyEngine, id: KeyId): Promise<KeyInfo> {
  const loaded = await loader.load(id, 'all');
  eraseMaterial(loaded.material.values());
  return keyInfo(loaded, Math.max(now(), latestTimeOf(loaded)));
}

function keyInfo({ document, stored }: LoadedKey, now: number): KeyInfo {
  const { revision: _revision, mac: _mac, versions, ...facts } = document;
  return {
    ...facts,
    rotationDue: rotationReason(document, stored.uses, now),
    versions: versions.map((version): VersionInfo => {
      const uses = stored.uses.get(version.version);
      return {
        version: version.version,
        kid: version.kid,
        algorithm: version.suite ?? ALGORITHMS[document.kind],
        state: stateAt(version, now),
        createdAt: version.createdAt,
        activatesAt: version.activatesAt,
        expiresAt: version.expiresAt,
        uses: uses ? uses.reserved - uses.returned : 0,
        lastUsedAt: uses?.lastUsedAt ?? null,
        wrappedBy: (stored.material.get(version.version) ?? []).map(({ rootId }) => rootId),
      };
    }),
  };
}
