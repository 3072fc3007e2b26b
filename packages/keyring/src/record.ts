import { pae } from '@bulwark/crypto';
import type { KeyState } from './key-state.ts';

/**
 * What a key is for. Each purpose has keys of its own.
 * fields: columns of the database · index: blind indexes, rotated apart from what they search · vault: the key pair
 * that telemetry is sealed to · ingest: the server's half of what frames are sealed under on the way.
 */
export type KeyPurpose = 'fields' | 'index' | 'vault' | 'ingest';

/** One version of one key, as the store keeps it. Without the root provider it says nothing of the key. */
export interface KeyRecord {
  readonly tenantId: string;
  readonly purpose: KeyPurpose;
  /** From 1; the highest active one seals. */
  readonly version: number;
  readonly state: KeyState;
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly rootId: string;
  readonly wrapped: Uint8Array;
  /** The public half, for a vault; authenticated by the wrapping, so that nobody can put his own in its place. */
  readonly publicKey: Uint8Array | null;
}

/** Keeps key records. Stores hold no secrets of their own: what they keep is wrapped. */
export interface KeyStore {
  /** All versions of one key, oldest first. */
  list(tenantId: string, purpose: KeyPurpose): Promise<KeyRecord[]>;
  /** Adds a version; false where another process was first, and nothing was changed. */
  add(record: KeyRecord): Promise<boolean>;
}

/** What the wrapping of a record binds: a record moved to another tenant, purpose or version does not unwrap. */
export function wrapContext(record: Pick<KeyRecord, 'tenantId' | 'purpose' | 'version' | 'publicKey'>): Buffer {
  return pae(
    'bw1/wrap',
    record.tenantId,
    record.purpose,
    String(record.version),
    ...(record.publicKey ? [record.publicKey] : []),
  );
}
