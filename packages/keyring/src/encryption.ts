import { join } from 'node:path';
import { decodeFieldText, encodeFieldText, type FieldSuite } from '@bulwark/crypto';
import { ensureDataDirectory } from '@bulwark/private-files';
import type { EncryptionSettings } from './encryption-settings.ts';
import { KeyringError } from './errors.ts';
import type { PlainField, PlainValue, ScopedCell, SealedValue } from './field-operations.ts';
import type { KeyEventSink } from './key-event.ts';
import type { KeyInfo } from './key-info.ts';
import type { CreateKeyOptions } from './key-lifecycle.ts';
import { type Keys, openKeys } from './keys.ts';
import type { RootProvider } from './root.ts';
import { createPassphraseFile, openPassphraseFile } from './roots/passphrase/passphrase-root.ts';
import type { RotationReport } from './rotate-expired.ts';
import { scheduleRotation } from './rotation-scheduler.ts';
import type { CacheLimits } from './single-flight-cache.ts';
import { fileStore } from './stores/file.ts';
import { type UsageAlert, type UsageRate, usageMonitor } from './usage-monitor.ts';
import type { VersionedKeyStore } from './versioned-store.ts';

/** How an encryption service is opened. */
export interface EncryptionOptions {
  readonly store: VersionedKeyStore;
  readonly roots: readonly [RootProvider, ...RootProvider[]];
  /** Whose keys they are; one service serves one scope. Empty by default. */
  readonly scope?: string;
  /** Rotate keys that are due, now and each hour; true by default. */
  readonly autoRotation?: boolean;
  /** Age and uses at which keys are rotated, unless a key has a policy of its own; 90 days and 10,000 by default. */
  readonly rotationIntervalDays?: number;
  readonly rotateAfterUses?: number;
  readonly cache?: CacheLimits;
  /** ms since the epoch; the system's clock by default. */
  readonly now?: () => number;
  /** Told of everything that happens to keys: the audit log. */
  readonly onEvent?: KeyEventSink;
  /** Told of unusual use of a key. */
  readonly onAlert?: (alert: UsageAlert) => void;
  /** Told of each round of automatic rotation; with `error` where the store was away, and nothing could be looked at. */
  readonly onRotation?: (report: RotationReport & { readonly error?: unknown }) => void;
}

/** A field as `decryptField` takes it. */
export interface FieldText {
  readonly cell: ScopedCell;
  /** As `encryptField` returned it. */
  readonly text: string;
}

/** Encryption by key name, in one object: make keys, encrypt and decrypt, rotate. */
export interface Encryption {
  /** @throws KeyringError ERR_KEY_EXISTS */
  createKey(
    name: string,
    options?: Pick<CreateKeyOptions, 'policy'> & { readonly suite?: FieldSuite },
  ): Promise<KeyInfo>;
  describeKey(name: string): Promise<KeyInfo>;
  listKeys(): Promise<string[]>;
  /** @param value `context` is authenticated, not stored: `decrypt` must be given the same. */
  encrypt(name: string, value: PlainValue): Promise<Buffer>;
  decrypt(name: string, value: SealedValue): Promise<Buffer>;
  encryptAll(name: string, values: readonly PlainValue[]): Promise<Buffer[]>;
  decryptAll(name: string, values: readonly SealedValue[]): Promise<Buffer[]>;
  /** Encrypts a column of a row as text, `bw1:…`, for any text column. It opens in no other place. */
  encryptField(name: string, cell: ScopedCell, value: string): Promise<string>;
  decryptField(name: string, cell: ScopedCell, text: string): Promise<string>;
  encryptFields(name: string, fields: readonly PlainField[]): Promise<string[]>;
  decryptFields(name: string, fields: readonly FieldText[]): Promise<string[]>;
  /** @returns The number of the new version. */
  rotateKey(name: string): Promise<number>;
  /** Rotates what is due by age, use, expiry or its cipher's limit. */
  rotateExpiredKeys(): Promise<RotationReport>;
  /** How often each key is used, in this process. */
  usage(): UsageRate[];
  /** The keys beneath, for all that is not said here: states, destruction, backup, rewrapping. */
  readonly keys: Keys;
  /** Ends rotation, erases keys from memory, hands back unspent uses. */
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;

/** Opens an encryption service on a store and roots. Nothing is read until a key is used, but for automatic rotation. */
export function openEncryption(options: EncryptionOptions): Encryption {
  const { store, roots, scope = '', now = Date.now, cache = {}, onEvent, onAlert, onRotation } = options;
  const { autoRotation = true, rotationIntervalDays = 90, rotateAfterUses = 10_000 } = options;
  const monitor = usageMonitor();
  const keys = openKeys({
    store,
    roots,
    now,
    cache,
    onEvent(event) {
      onEvent?.(event);
      for (const alert of monitor.observe(event)) onAlert?.(alert);
    },
  });
  const rotateExpiredKeys = () => keys.rotateExpired(scope);
  const rotation = autoRotation
    ? scheduleRotation(
        { rotateExpired: rotateExpiredKeys },
        {
          onRound: (report) => onRotation?.(report),
          onError: (error) => onRotation?.({ rotated: [], failed: [], error }),
        },
      )
    : undefined;
  const id = (name: string) => ({ scope, name });

  const encryptFields = async (name: string, fields: readonly PlainField[]) =>
    (await keys.sealFields(id(name), fields)).map(encodeFieldText);
  const decryptFields = async (name: string, fields: readonly FieldText[]) => {
    const sealed = fields.map(({ cell, text }) => ({ cell, sealed: decodeFieldText(text) }));
    return (await keys.openFields(id(name), sealed)).map((plaintext) => plaintext.toString('utf8'));
  };

  return {
    createKey: (name, { policy, suite = 'XAES-256-GCM' } = {}) =>
      keys.create(id(name), {
        suite,
        policy: { rotateAfterMs: rotationIntervalDays * DAY_MS, rotateAfterUses, ...policy },
      }),
    describeKey: (name) => keys.describe(id(name)),
    listKeys: async () => (await keys.list(scope)).map(({ name }) => name),
    encrypt: (name, value) => keys.sealValue(id(name), value),
    decrypt: (name, value) => keys.openValue(id(name), value),
    encryptAll: (name, values) => keys.sealValues(id(name), values),
    decryptAll: (name, values) => keys.openValues(id(name), values),
    encryptField: async (name, cell, plaintext) => (await encryptFields(name, [{ cell, plaintext }]))[0]!,
    decryptField: async (name, cell, text) => (await decryptFields(name, [{ cell, text }]))[0]!,
    encryptFields,
    decryptFields,
    rotateKey: (name) => keys.rotate(id(name)),
    rotateExpiredKeys,
    usage: () => monitor.rates(now()),
    keys,
    async close() {
      await rotation?.stop();
      await keys.close();
    },
  };
}

/**
 * Opens an encryption service as the settings say: keys in files under a root that follows from the master password.
 * The first start makes the directory.
 *
 * @throws KeyringError ERR_ROOT_KEY_WRONG (another password than at the first start); UnsafeFileError
 */
export async function openEncryptionFrom(
  settings: EncryptionSettings,
  options: Omit<EncryptionOptions, 'store' | 'roots' | 'autoRotation' | 'rotationIntervalDays'> = {},
): Promise<Encryption> {
  const { keyPath, masterPassword, autoRotation, rotationIntervalDays } = settings;
  await ensureDataDirectory(keyPath);
  const root = await passwordRoot(join(keyPath, 'root.json'), masterPassword);
  const store = await fileStore(join(keyPath, 'keys'));
  return openEncryption({ ...options, store, roots: [root], autoRotation, rotationIntervalDays });
}

async function passwordRoot(file: string, password: string): Promise<RootProvider> {
  try {
    return await openPassphraseFile(file, password);
  } catch (error) {
    if (!(error instanceof KeyringError) || error.code !== 'ERR_ROOT_KEY_MISSING') throw error;
  }
  // Of several processes that start for the first time one makes the record, and the others open it.
  return createPassphraseFile(file, password).catch(() => openPassphraseFile(file, password));
}
