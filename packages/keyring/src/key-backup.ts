import { decodeBase64Url, encodeBase64Url } from '@bulwark/crypto';
import {
  type BackupOpener,
  type BackupProtection,
  backupDigest,
  openBackup,
  type SealedBackup,
  sealBackup,
} from './backup-file.ts';
import { addKey, type NewVersion } from './change-key.ts';
import { KeyringError } from './errors.ts';
import type { KeyId, KeyUses, UnsignedDocument } from './key-document.ts';
import type { KeyEngine } from './key-engine.ts';
import { reasonOf } from './key-event.ts';
import { addVersion } from './key-lifecycle.ts';
import { USE_LIMITS } from './key-limits.ts';
import { nameOf } from './key-loader.ts';
import { deriveMaterial, eraseMaterial } from './key-material.ts';

/** What an import came to. */
export interface ImportReport {
  readonly imported: readonly KeyId[];
  /** Keys that are here already, with the same or more versions. */
  readonly present: readonly KeyId[];
  /** Names that another key has here; nothing was done to it. */
  readonly conflicting: readonly KeyId[];
}

/** Copies of keys for the day on which the root or the store is lost. */
export interface KeyBackup {
  /**
   * Exports keys with all their versions that are not destroyed.
   *
   * @param ids Which; `undefined` for all. Destroyed keys are left out.
   * @throws KeyringError ERR_ARGUMENT, and as loading does
   */
  exportKeys(ids: readonly KeyId[] | undefined, protection: BackupProtection): Promise<SealedBackup>;
  /**
   * Imports the keys of a backup that are not here, wrapped to the present roots. Keys that may be used a limited number
   * of times get a new version at once, since nobody knows how often they were used after the backup.
   *
   * @param options digest: refuse a backup with another `backupDigest`. Whoever knows a recipient's public key can make a
   *   backup for him, so give it where the backup came through other hands.
   * @throws KeyringError ERR_BACKUP_FORMAT, ERR_BACKUP_OPEN
   */
  importKeys(backup: string, opener: BackupOpener, options?: { readonly digest?: string }): Promise<ImportReport>;
}

/** A key in a backup. */
interface BackedUpKey {
  readonly document: UnsignedDocument;
  readonly versions: readonly {
    readonly version: number;
    /** base64url, 32 bytes. */
    readonly secret: string;
    readonly uses: Pick<KeyUses, 'reserved' | 'returned' | 'lastUsedAt'>;
  }[];
}

/** From here on up a suite's limit is out of reach, and a count that is too low does no harm. */
const UNREACHABLE_USES = 2 ** 40;

/** Export and import on an engine. */
export function keyBackup(engine: KeyEngine): KeyBackup {
  const { store, loader, emit, now } = engine;

  async function backUp(id: KeyId): Promise<BackedUpKey> {
    const { document, material, stored } = await loader.load(id, 'all');
    const { mac: _mac, ...unsigned } = document;
    try {
      return {
        document: unsigned,
        versions: [...material].map(([version, { secret }]) => {
          const { reserved, returned, lastUsedAt } = stored.uses.get(version)!;
          return { version, secret: encodeBase64Url(secret), uses: { reserved, returned, lastUsedAt } };
        }),
      };
    } finally {
      eraseMaterial(material.values());
    }
  }

  async function restore(key: BackedUpKey): Promise<'imported' | 'present' | 'conflicting'> {
    const { document, versions } = withoutUncountedUses(key, materialOf(key), now());
    try {
      await addKey(engine, { ...document, revision: 1 }, versions);
      return 'imported';
    } catch (error) {
      if (reasonOf(error) !== 'ERR_KEY_EXISTS') throw error;
    }
    const kids = (await store.read(document))?.document.versions.map(({ kid }) => kid) ?? [];
    return key.document.versions.every(({ kid }, i) => kids[i] === kid) ? 'present' : 'conflicting';
  }

  return {
    async exportKeys(ids, protection) {
      const keys: BackedUpKey[] = [];
      for (const id of ids ?? (await store.list())) {
        try {
          keys.push(await backUp(id));
        } catch (error) {
          if (ids === undefined && reasonOf(error) === 'ERR_KEY_DESTROYED') continue;
          throw error;
        }
      }
      const content = Buffer.from(JSON.stringify({ keys }));
      try {
        const sealed = await sealBackup(content, protection, now());
        for (const { document } of keys) emit('exported', document);
        return sealed;
      } finally {
        content.fill(0);
      }
    },

    async importKeys(backup, opener, { digest } = {}) {
      if (digest !== undefined && digest !== backupDigest(backup)) {
        throw new KeyringError('ERR_BACKUP_FORMAT', 'this is not the backup with the digest that was given');
      }
      const content = await openBackup(backup, opener);
      const { keys } = JSON.parse(content.toString()) as { keys: BackedUpKey[] };
      content.fill(0);
      const report = { imported: [] as KeyId[], present: [] as KeyId[], conflicting: [] as KeyId[] };
      for (const key of keys) {
        const { scope, name } = key.document;
        const outcome = await restore(key);
        if (outcome === 'imported') emit('imported', { scope, name });
        report[outcome].push({ scope, name });
      }
      return report;
    },
  };
}

/** Material of each version, checked against the id that it has in the backup. */
function materialOf({ document, versions }: BackedUpKey): NewVersion[] {
  return versions.map(({ version: number, secret, uses }) => {
    const version = document.versions.find(({ version }) => version === number);
    const material = version && deriveMaterial(document.kind, version.suite, decodeBase64Url(secret));
    if (!version || material?.kid !== version.kid) {
      throw new KeyringError('ERR_BACKUP_FORMAT', `the backup's key ${nameOf(document)} is not the one it names`);
    }
    return { version, material, uses };
  });
}

function withoutUncountedUses(
  { document }: BackedUpKey,
  versions: NewVersion[],
  now: number,
): { document: UnsignedDocument; versions: readonly NewVersion[] } {
  const suite = document.versions.at(-1)?.suite ?? null;
  if (suite === null || USE_LIMITS[suite].hard >= UNREACHABLE_USES) return { document, versions };
  const { document: rotated, added = [] } = addVersion(document, Math.max(now, document.changedAt), suite);
  // The states of the versions that came from the backup have changed with it.
  const current = versions.map((each) => ({
    ...each,
    version: rotated.versions.find(({ version }) => version === each.version.version) ?? each.version,
  }));
  return { document: rotated, versions: [...current, ...added] };
}
