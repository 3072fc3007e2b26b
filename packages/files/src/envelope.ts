import type { KeyObject } from 'node:crypto';
import { constantTimeEqual, generateKey, type KdfAlgorithm, pae } from '@bulwark/crypto';
import { FilesError, keyUnknown, openFailed } from './errors.ts';
import { expandFileKey, type FileKey, type FileKeys, findOpeningKey } from './file-keys.ts';
import { encodeHeaderPrefix, MAX_RECIPIENTS, parseHeader, type WrappedKey } from './header.ts';
import { encodeMetadata, type FileMetadata, openMetadata, sealedMetadataBytes, sealMetadata } from './metadata.ts';
import { type Opener, type Recipient, unwrap, wrapFor, wrapUnderPassphrase } from './recipients.ts';

/** Whom a file is sealed for: a named key, up to 20 recipients, or whoever knows a passphrase. */
export type SealFor =
  | { readonly key: string; readonly keys: FileKeys }
  | { readonly recipients: readonly Recipient[] }
  | { readonly passphrase: string; readonly kdf?: KdfAlgorithm };

/** A file's header, and what seals or opens the body that follows it. */
export interface Envelope {
  readonly header: Buffer;
  readonly kid: Uint8Array;
  readonly key: KeyObject;
  /** Context of the body: all of the header, and the caller's. */
  readonly context: Buffer;
  readonly metadata: FileMetadata | undefined;
}

/**
 * Begins a sealed file.
 *
 * @param context Authenticated, not stored; opening must be given the same bytes.
 * @throws FilesError ERR_ARGUMENT, ERR_KEY_UNKNOWN; CryptoError; whatever the key source throws
 */
export async function newEnvelope(
  sealFor: SealFor,
  metadata: FileMetadata | undefined,
  context: Uint8Array | undefined,
): Promise<Envelope> {
  const { key, recipients } = await fileKeyFor(sealFor);
  const encoded = metadata && encodeMetadata(metadata);
  const prefix = encodeHeaderPrefix(key.kid, recipients, encoded === undefined ? 0 : sealedMetadataBytes(encoded));
  const sealed = encoded && sealMetadata(key.messageKey, encoded, prefix, context);
  return envelopeOf(sealed === undefined ? prefix : Buffer.concat([prefix, sealed]), key, metadata, context);
}

/**
 * Takes up a sealed file by its header.
 *
 * @param header All of it, and nothing after it.
 * @throws FilesError ERR_NOT_SEALED, ERR_SEALED_FORMAT, ERR_KEY_UNKNOWN, ERR_OPEN_FAILED; CryptoError ERR_OPEN_FAILED,
 *   ERR_KDF_RECORD; whatever the key source throws
 */
export async function openEnvelope(header: Buffer, opener: Opener, context: Uint8Array | undefined): Promise<Envelope> {
  const { kid, recipients, sealedMetadata, prefix } = parseHeader(header);
  const key = recipients.length === 0 ? await findOpeningKey(opener.keys, kid) : await unwrapped();
  if (key === undefined) throw keyUnknown();
  const metadata = sealedMetadata && openMetadata(key.messageKey, sealedMetadata, prefix, context);
  return envelopeOf(header, key, metadata, context);

  async function unwrapped(): Promise<FileKey | undefined> {
    const secret = await unwrap(recipients, opener, kid);
    if (secret === undefined) return undefined;
    const fileKey = expandFileKey(secret, 'bw1/file');
    secret.fill(0);
    // Else one recipient could be shown another file than the rest.
    if (!constantTimeEqual(fileKey.kid, kid)) throw openFailed();
    return fileKey;
  }
}

/** What opens again what was sealed for a key or a passphrase; nothing does for recipients, whose keys others hold. */
export function openerOf(sealFor: SealFor): Opener | undefined {
  if ('recipients' in sealFor) return undefined;
  return 'passphrase' in sealFor ? { passphrase: sealFor.passphrase } : { keys: sealFor.keys };
}

async function fileKeyFor(sealFor: SealFor): Promise<{ key: FileKey; recipients: WrappedKey[] }> {
  if ('key' in sealFor) return { key: await sealFor.keys.sealing(sealFor.key), recipients: [] };
  requireUsable(sealFor);
  const secret = generateKey();
  const key = expandFileKey(secret, 'bw1/file');
  try {
    const recipients =
      'passphrase' in sealFor
        ? [await wrapUnderPassphrase(sealFor.passphrase, sealFor.kdf, secret, key.kid)]
        : await Promise.all(sealFor.recipients.map((recipient) => wrapFor(recipient, secret, key.kid)));
    return { key, recipients };
  } finally {
    secret.fill(0);
  }
}

function requireUsable(sealFor: Exclude<SealFor, { key: string }>): void {
  if ('passphrase' in sealFor) {
    if (sealFor.passphrase === '') throw new FilesError('ERR_ARGUMENT', 'passphrase must not be empty');
  } else if (sealFor.recipients.length === 0 || sealFor.recipients.length > MAX_RECIPIENTS) {
    const message = `recipients must be 1 to ${MAX_RECIPIENTS}, got ${sealFor.recipients.length}`;
    throw new FilesError('ERR_ARGUMENT', message);
  }
}

function envelopeOf(
  header: Buffer,
  { kid, messageKey }: FileKey,
  metadata: FileMetadata | undefined,
  context: Uint8Array | undefined,
): Envelope {
  const bodyContext = pae('bw1/file', header, ...(context === undefined ? [] : [context]));
  return { header, kid, key: messageKey, context: bodyContext, metadata };
}
