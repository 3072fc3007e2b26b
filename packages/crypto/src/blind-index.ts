import { createHmac, createSecretKey } from 'node:crypto';
import { canonicalText } from './canonical.ts';
import { CryptoError } from './errors.ts';
import { hkdfExpand } from './hkdf.ts';
import { NORMALISERS, type Normaliser, normalise } from './normaliser.ts';
import { pae } from './pae.ts';
import { KEY_BYTES } from './symmetric-key.ts';

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
 * @param indexKey 32 bytes, used for nothing else, and of one scope, so that scopes cannot be matched.
 * @returns HMAC-SHA256 under a key of this index alone, cut to `bits`; unused low bits of the last byte are 0.
 * @throws CryptoError ERR_KEY_LENGTH, ERR_ARGUMENT
 */
export function blindIndex(indexKey: Uint8Array, index: BlindIndex, value: string): Buffer {
  const { table, column, name, normaliser, bits = DEFAULT_BITS } = index;
  if (indexKey.length !== KEY_BYTES) {
    throw new CryptoError('ERR_KEY_LENGTH', `indexKey must be ${KEY_BYTES} bytes, got ${indexKey.length}`);
  }
  if (!Number.isInteger(bits) || bits < 8 || bits > 256) {
    throw new CryptoError('ERR_ARGUMENT', `bits must be an integer from 8 to 256, got ${bits}`);
  }
  const normaliserVersion = `${normaliser}/${NORMALISERS[normaliser].version}`;
  const info = pae('bw1/bidx', table, column, name, normaliserVersion);
  const key = createSecretKey(hkdfExpand('sha512', indexKey, info, KEY_BYTES));
  const mac = createHmac('sha256', key)
    .update(canonicalText(normalise(normaliser, value)))
    .digest();
  return cut(mac, bits);
}

function cut(mac: Buffer, bits: number): Buffer {
  const index = Buffer.from(mac.subarray(0, Math.ceil(bits / 8)));
  const unused = index.length * 8 - bits;
  const last = index.length - 1;
  index[last] = (index[last] ?? 0) & (0xff << unused);
  return index;
}
