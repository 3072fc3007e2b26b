import { setTimeout as sleep } from 'node:timers/promises';
import type { FieldSuite } from '@bulwark/crypto';
import { KeyringError } from './errors.ts';
import {
  type KeyDocument,
  type KeyId,
  type KeyUses,
  type KeyVersion,
  signDocument,
  signingVersion,
  signUses,
  type UnsignedDocument,
} from './key-document.ts';
import type { KeyEngine } from './key-engine.ts';
import { type LoadedKey, nameOf } from './key-loader.ts';
import { deriveMaterial, eraseMaterial, generateMaterial, type KeyMaterial } from './key-material.ts';
import { wrapToAll } from './recipients.ts';
import { latestTimeOf } from './usable-key.ts';
import type { WrappedKey } from './versioned-store.ts';

const MAX_ATTEMPTS = 50;

/** A version to be added, with its material. */
export interface NewVersion {
  readonly version: KeyVersion;
  readonly material: KeyMaterial;
  /** What was used of it elsewhere, for a key that comes from a backup. */
  readonly uses?: Pick<KeyUses, 'reserved' | 'returned' | 'lastUsedAt'>;
}

/** What a change makes of a key. Revision, time of change and MAC are put in by `changeKey`. */
export interface Proposal {
  readonly document: UnsignedDocument;
  readonly added?: readonly NewVersion[];
  /** Versions to wrap anew to the present roots. */
  readonly rewrapped?: readonly number[];
  /** Whether the key can do less afterwards, in whole or in part. */
  readonly isRestriction?: boolean;
}

/**
 * Changes a key as it is at this moment, and tries again when another was quicker.
 *
 * @param propose Makes the new document; undefined when there is nothing to change any more.
 * @returns The document as it is now.
 * @throws KeyringError ERR_KEY_CONFLICT, and as loading does
 */
export async function changeKey(
  engine: KeyEngine,
  id: KeyId,
  propose: (key: LoadedKey, now: number) => Proposal | undefined | Promise<Proposal | undefined>,
): Promise<KeyDocument> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const loaded = await engine.loader.load(id, 'all');
    let added: readonly NewVersion[] = [];
    try {
      const time = timeOf(engine, loaded);
      const proposal = await propose(loaded, time);
      if (!proposal) return loaded.document;
      added = proposal.added ?? [];
      const document = await commitProposal(engine, loaded, proposal, time);
      if (document) {
        await engine.onChanged(id, proposal.isRestriction ?? false);
        return document;
      }
    } finally {
      eraseMaterial(loaded.material.values());
      eraseMaterial(added.map(({ material }) => material));
    }
    await sleep(Math.random() * (attempt + 1));
  }
  throw new KeyringError('ERR_KEY_CONFLICT', `others change key ${nameOf(id)} all the while`);
}

/**
 * Stores a key that is not there yet, and erases the material that was handed over.
 *
 * @throws KeyringError ERR_KEY_EXISTS
 */
export async function addKey(
  engine: KeyEngine,
  document: UnsignedDocument,
  versions: readonly NewVersion[],
): Promise<KeyDocument> {
  try {
    const material = new Map<number, readonly WrappedKey[]>();
    for (const { version, material: own } of versions) {
      material.set(version.version, await wrapToAll(engine.roots, document, version, own.secret));
    }
    const signing = signingVersion(document);
    const own = versions.find(({ version }) => version.version === signing?.version)?.material;
    const signed = signDocument(document, own?.macKey);
    if (!(await engine.store.commit({ document: signed, material, uses: usesOf(document, versions) }))) {
      throw new KeyringError('ERR_KEY_EXISTS', `a key ${nameOf(document)} is or was there`);
    }
    await engine.onChanged(document, true); // that it was not there may have been remembered
    return signed;
  } finally {
    eraseMaterial(versions.map(({ material }) => material));
  }
}

/** A fresh version. */
export function newVersion(
  kind: KeyDocument['kind'],
  suite: FieldSuite | null,
  facts: Pick<KeyVersion, 'version' | 'createdAt' | 'activatesAt'> & { expireAfterMs: number | null },
): NewVersion {
  const { version, createdAt, activatesAt, expireAfterMs } = facts;
  const material = deriveMaterial(kind, suite, generateMaterial(kind));
  return {
    material,
    version: {
      version,
      kid: material.kid,
      state: activatesAt === null ? 'active' : 'pre-active',
      suite,
      createdAt,
      activatesAt,
      expiresAt: expireAfterMs === null ? null : (activatesAt ?? createdAt) + expireAfterMs,
      publicKey: material.publicKey,
    },
  };
}

/** A document with one version changed. */
export function withVersion(
  document: UnsignedDocument,
  version: number,
  change: Partial<KeyVersion>,
): UnsignedDocument {
  return {
    ...document,
    versions: document.versions.map((v) => (v.version === version ? { ...v, ...change } : v)),
  };
}

/** @throws KeyringError ERR_ARGUMENT */
export function requireVersion(document: UnsignedDocument, version: number): KeyVersion {
  const found = document.versions.find((v) => v.version === version);
  if (!found) throw new KeyringError('ERR_ARGUMENT', `key ${nameOf(document)} has no version ${version}`);
  return found;
}

// Not before what the key has seen, so that a clock set back neither makes keys young nor brings expired ones back.
function timeOf({ now, emit }: KeyEngine, loaded: LoadedKey): number {
  const [clock, latest] = [now(), latestTimeOf(loaded)];
  if (clock < latest) emit('clock-behind', loaded.document, { reason: `${latest - clock} ms` });
  return Math.max(clock, latest);
}

async function commitProposal(
  engine: KeyEngine,
  { document: before, material: held }: LoadedKey,
  { document: proposed, added = [], rewrapped = [] }: Proposal,
  now: number,
): Promise<KeyDocument | undefined> {
  const document: UnsignedDocument = { ...proposed, revision: before.revision + 1, changedAt: now };
  const secrets = new Map([...held].map(([version, { secret }]) => [version, secret] as const));
  for (const { version, material } of added) secrets.set(version.version, material.secret);

  const material = new Map<number, readonly WrappedKey[]>();
  for (const number of [...rewrapped, ...added.map(({ version }) => version.version)]) {
    const version = requireVersion(document, number);
    material.set(number, await wrapToAll(engine.roots, document, version, secrets.get(number)!));
  }
  const signing = signingVersion(document);
  const macKey =
    signing &&
    (held.get(signing.version) ?? added.find(({ version }) => version.kid === signing.kid)?.material)?.macKey;
  const signed = signDocument(document, macKey);
  const isCommitted = await engine.store.commit({ document: signed, material, uses: usesOf(document, added) });
  return isCommitted ? signed : undefined;
}

function usesOf(id: KeyId, versions: readonly NewVersion[]): ReadonlyMap<number, KeyUses> {
  return new Map(
    versions.map(({ version, material, uses = { reserved: 0, returned: 0, lastUsedAt: null } }) => [
      version.version,
      signUses(id, version.version, uses, material.macKey),
    ]),
  );
}
