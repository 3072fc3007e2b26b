import { createHmac, createSecretKey, KeyObject } from 'node:crypto';
import { canonicalText } from './canonical.ts';
import { CryptoError } from './errors.ts';
import { hkdfExpand } from './hkdf.ts';
import { NORMALISERS, type Normaliser, normalise } from './normaliser.ts';
import { pae } from './pae.ts';
import { KEY_BYTES, requireKey, type SymmetricKey } from './symmetric-key.ts';

/** One index over one column. */
export interface BlindIndex {
  readonly table: string;
  readonly column: string;
  /** Tells several indexes over one column apart. */
  readonly name: string;
  readonly normaliser: Normaliser;
  /**
   * Length of the result, 8 to 256; default 128. Look-ups and unique constraints need 128. A filter may be
   * shorter: it then gives about rows / 2^bits false matches, which hide the true ones, and which the caller
   * drops after opening the rows.
   */
  readonly bits?: number;
}

const DEFAULT_BITS = 128;

/**
 * The blind index of a value: equal values (after normalising) give equal bytes, and nothing else can be read
 * from them without the key. It shows who has equal values and how often; do not index columns with few values.
 *
 * @param indexKey 32 bytes, used for nothing else, and of one scope, so that scopes cannot be matched. Given the same
 *   `KeyObject` again, the index's own key is not derived again: four times faster.
 * @returns HMAC-SHA256 under a key of this index alone, cut to `bits`; unused low bits of the last byte are 0.
 * @throws CryptoError ERR_KEY_LENGTH, ERR_ARGUMENT
 */
export function blindIndex(indexKey: SymmetricKey, index: BlindIndex, value: string): Buffer {
  const { normaliser, bits = DEFAULT_BITS } = index;
  const masterKey = requireKey(indexKey, 'indexKey');
  if (!Number.isInteger(bits) || bits < 8 || bits > 256) {
    throw new CryptoError('ERR_ARGUMENT', `bits must be an integer from 8 to 256, got ${bits}`);
  }
  const key = indexKey instanceof KeyObject ? keptKey(masterKey, index) : deriveKey(masterKey, index);
  const mac = createHmac('sha256', key)
    .update(canonicalText(normalise(normaliser, value)))
    .digest();
  return cut(mac, bits);
}

function deriveKey(indexKey: KeyObject, { table, column, name, normaliser }: BlindIndex): KeyObject {
  const normaliserVersion = `${normaliser}/${NORMALISERS[normaliser].version}`;
  const derived = hkdfExpand('sha512', indexKey, pae('bw1/bidx', table, column, name, normaliserVersion), KEY_BYTES);
  const key = createSecretKey(derived);
  derived.fill(0);
  return key;
}

// Derived keys live as long as the key they come from. Of bytes none are kept: their owner erases or reuses them.
const kept = new WeakMap<KeyObject, Map<string, KeyObject>>();

/** Names come from a schema; whoever makes them up while running shall not fill the memory. */
const MAX_KEPT = 1000;

function keptKey(indexKey: KeyObject, index: BlindIndex): KeyObject {
  const keys = kept.get(indexKey) ?? new Map<string, KeyObject>();
  kept.set(indexKey, keys);
  const { table, column, name, normaliser } = index;
  const names = JSON.stringify([table, column, name, normaliser]);
  const known = keys.get(names);
  if (known !== undefined) return known;
  const key = deriveKey(indexKey, index);
  if (keys.size >= MAX_KEPT) keys.clear();
  keys.set(names, key);
  return key;
}

function cut(mac: Buffer, bits: number): Buffer {
  const index = Buffer.from(mac.subarray(0, Math.ceil(bits / 8)));
  const unused = index.length * 8 - bits;
  const last = index.length - 1;
  index[last] = (index[last] ?? 0) & (0xff << unused);
  return index;
}
