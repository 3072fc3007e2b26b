import { createHmac, type KeyObject } from 'node:crypto';
import { constantTimeEqual, type FieldSuite, pae } from '@bulwark/crypto';
import type { DatedState, KeyState } from './key-state.ts';

/** A key's name within its scope. A scope is a tenant or another owner: keys of two scopes never meet. */
export interface KeyId {
  readonly scope: string;
  readonly name: string;
}

/**
 * What a key is for; a key serves one use only (NIST SP 800-57 part 1, 5.2).
 *
 * data: seals fields and values · index: blind indexes · vault: a key pair, of which sealing needs the public half
 * alone · secret: 32 bytes that the application derives its own keys from.
 */
export type KeyKind = 'data' | 'index' | 'vault' | 'secret';

/** When a key is to be replaced; null means never. The cipher's own limit holds besides, and cannot be lifted. */
export interface KeyPolicy {
  /** Age of the newest version, in ms. */
  readonly rotateAfterMs: number | null;
  /** Uses of the newest version, all processes together. */
  readonly rotateAfterUses: number | null;
  /** Life of a version in ms: from then on it only opens, rotated or not. */
  readonly expireAfterMs: number | null;
}

/** One version of a key, without its material. Times are ms since the epoch. */
export interface KeyVersion extends DatedState {
  /** From 1. */
  readonly version: number;
  /** base64url of 18 bytes that follow from the key: sealed values name it, and it proves which key was unwrapped. */
  readonly kid: string;
  readonly state: KeyState;
  /** How it seals; null for kinds that seal no fields. */
  readonly suite: FieldSuite | null;
  readonly createdAt: number;
  readonly activatesAt: number | null;
  readonly expiresAt: number | null;
  /** base64url; of a vault. */
  readonly publicKey: string | null;
}

/** All that is known of a key but its material and its uses. Nothing in it is secret; all of it is authenticated. */
export interface KeyDocument extends KeyId {
  readonly kind: KeyKind;
  /** Grows by one with each change. */
  readonly revision: number;
  readonly policy: KeyPolicy;
  /** Versions below do not open. */
  readonly minDecryptVersion: number;
  /** Versions below do not seal. */
  readonly minEncryptVersion: number;
  readonly createdAt: number;
  readonly changedAt: number;
  /** When it was deleted; it can be restored for a while. */
  readonly deletedAt: number | null;
  /** Oldest first, without gaps. */
  readonly versions: readonly KeyVersion[];
  /** base64url; HMAC-SHA-256 of all of the above under the newest version that is not destroyed. */
  readonly mac: string;
}

/** A document before it is authenticated. */
export type UnsignedDocument = Omit<KeyDocument, 'mac'>;

/** How often a version was used; changes often, and so is kept and authenticated apart. */
export interface KeyUses {
  /** Uses handed out to processes. Never falls. */
  readonly reserved: number;
  /** Uses handed back unspent. Never falls. `reserved - returned` is never less than what was really used. */
  readonly returned: number;
  /** ms since the epoch; of sealing, accurate to a lease. */
  readonly lastUsedAt: number | null;
  /** base64url; HMAC-SHA-256 under the version's own key. */
  readonly mac: string;
}

/** Uses before they are authenticated. */
export type UnsignedUses = Omit<KeyUses, 'mac'>;

/** The version whose key authenticates the document; undefined once all are destroyed. */
export function signingVersion(document: UnsignedDocument): KeyVersion | undefined {
  return document.versions.findLast(({ state }) => state !== 'destroyed');
}

/** Authenticates a document. @param key The `macKey` of its `signingVersion`; undefined once all are destroyed. */
export function signDocument(document: UnsignedDocument, key: KeyObject | undefined): KeyDocument {
  return { ...document, mac: key ? hmac(key, documentBytes(document)) : '' };
}

/** Whether a document is as it was signed. */
export function isGenuineDocument(document: KeyDocument, key: KeyObject): boolean {
  return isEqualText(document.mac, hmac(key, documentBytes(document)));
}

/** Authenticates the uses of a version. */
export function signUses(id: KeyId, version: number, uses: UnsignedUses, key: KeyObject): KeyUses {
  return { ...uses, mac: hmac(key, usesBytes(id, version, uses)) };
}

/** Whether uses are as they were signed. */
export function areGenuineUses(id: KeyId, version: number, uses: KeyUses, key: KeyObject): boolean {
  return isEqualText(uses.mac, hmac(key, usesBytes(id, version, uses)));
}

// Arrays in a fixed order, so that the text is the same whatever order a store gives members back in. Stored format.
function documentBytes(d: UnsignedDocument): Buffer {
  const versions = d.versions.map((v) => [
    v.version,
    v.kid,
    v.state,
    v.suite,
    v.createdAt,
    v.activatesAt,
    v.expiresAt,
    v.publicKey,
  ]);
  const { rotateAfterMs, rotateAfterUses, expireAfterMs } = d.policy;
  const facts = [
    [d.scope, d.name, d.kind, d.revision, d.minDecryptVersion, d.minEncryptVersion],
    [d.createdAt, d.changedAt, d.deletedAt],
    [rotateAfterMs, rotateAfterUses, expireAfterMs],
    versions,
  ];
  return pae('bw1/key-document', JSON.stringify(facts));
}

function usesBytes({ scope, name }: KeyId, version: number, uses: UnsignedUses): Buffer {
  const facts = [scope, name, version, uses.reserved, uses.returned, uses.lastUsedAt];
  return pae('bw1/key-uses', JSON.stringify(facts));
}

function hmac(key: KeyObject, bytes: Uint8Array): string {
  return createHmac('sha256', key).update(bytes).digest('base64url');
}

function isEqualText(a: string, b: string): boolean {
  return constantTimeEqual(Buffer.from(a), Buffer.from(b));
}
