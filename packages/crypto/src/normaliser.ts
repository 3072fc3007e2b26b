import { requireWellFormed } from './utf8.ts';

/**
 * How a value is brought to one form before it is indexed.
 * - `exact`: not at all.
 * - `caseless`: compatibility forms and case are one.
 * - `email`: as `caseless`, without spaces around. Dots and `+tags` stay, since they are the provider's business.
 * - `digits`: only the digits 0 to 9 remain; for phone, card and tax numbers.
 * - `words`: as `caseless`, without accents, runs of spaces as one; for names.
 */
export type Normaliser = 'exact' | 'caseless' | 'email' | 'digits' | 'words';

interface Pipeline {
  /** Part of the index key. Raise it with every change that gives any value another form: indexes must be rebuilt. */
  readonly version: number;
  readonly apply: (value: string) => string;
}

/** All that is known of each normaliser. */
export const NORMALISERS: Readonly<Record<Normaliser, Pipeline>> = {
  exact: { version: 1, apply: (value) => value },
  caseless: { version: 1, apply: fold },
  email: { version: 1, apply: (value) => fold(value).trim() },
  digits: { version: 1, apply: (value) => value.normalize('NFKC').replace(/[^0-9]/g, '') },
  words: { version: 1, apply: (value) => stripMarks(fold(value)).replace(/\s+/gu, ' ').trim() },
};

/** The form of a value under which it is indexed. @throws CryptoError ERR_ARGUMENT */
export function normalise(normaliser: Normaliser, value: string): string {
  return NORMALISERS[normaliser].apply(requireWellFormed(value));
}

// JavaScript has no case folding; up and then down comes close: ß = ss, and all three sigmas are one.
function fold(value: string): string {
  return value.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}

function stripMarks(value: string): string {
  return value
    .normalize('NFKD')
    .replace(/\p{Mark}+/gu, '')
    .normalize('NFKC');
}
