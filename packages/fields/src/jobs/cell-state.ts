import { decodeFieldText, fieldKeyId, isSealedField } from '@bulwark/crypto';

/** What is in a cell, as far as it can be told without opening it. */
export type CellState =
  | { readonly kind: 'empty' }
  | { readonly kind: 'sealed' /** base64url, 18 bytes. */; readonly kid: string; readonly isRowBound: boolean }
  /** Plain text, another library's ciphertext, or something that was damaged. */
  | { readonly kind: 'other' };

const BINDING_BITS = 3;
const BOUND_TO_ROW = 2;

/** Looks at a stored value. */
export function cellState(stored: unknown): CellState {
  if (stored === null || stored === undefined) return { kind: 'empty' };
  try {
    const bytes = typeof stored === 'string' ? sealedBytes(stored) : (stored as Uint8Array);
    if (!bytes || !isSealedField(bytes)) return { kind: 'other' };
    const isRowBound = ((bytes[2] ?? 0) & BINDING_BITS) === BOUND_TO_ROW;
    return { kind: 'sealed', kid: Buffer.from(fieldKeyId(bytes)).toString('base64url'), isRowBound };
  } catch {
    return { kind: 'other' };
  }
}

function sealedBytes(stored: string): Uint8Array | undefined {
  return stored.startsWith('bw1:') ? decodeFieldText(stored) : undefined;
}
