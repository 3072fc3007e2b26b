import { misconfigured } from '../root-fault.ts';

/**
 * What a root follows from besides its passphrase. Keep it: without it the passphrase opens nothing. It is not secret,
 * but whoever has it can try passphrases, each at the cost of the KDF.
 */
export interface PassphraseRecord {
  /** KDF with salt and cost, as `encodeKdf` writes it. */
  readonly kdf: string;
  /** The root's identifier, by which another passphrase is told at once. */
  readonly rootId: string;
}

/** The record as a line of JSON. */
export function encodePassphraseRecord({ kdf, rootId }: PassphraseRecord): string {
  return `${JSON.stringify({ kdf, rootId })}\n`;
}

/** Reads what `encodePassphraseRecord` writes. @throws KeyringError ERR_ROOT_CONFIG */
export function parsePassphraseRecord(text: string): PassphraseRecord {
  const record = parseJson(text);
  if (isRecord(record)) return { kdf: record.kdf, rootId: record.rootId };
  throw misconfigured('the passphrase record is malformed: it has a kdf and a rootId, and nothing else');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is PassphraseRecord {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 2) return false;
  const { kdf, rootId } = value as Record<string, unknown>;
  return typeof kdf === 'string' && typeof rootId === 'string';
}
