import { CryptoError } from './errors.ts';

/**
 * Refuses text with lone surrogates: it has no UTF-8, and all such text would be encoded alike.
 *
 * @throws CryptoError ERR_ARGUMENT; the text is not echoed.
 */
export function requireWellFormed(text: string): string {
  if (text.isWellFormed()) return text;
  throw new CryptoError('ERR_ARGUMENT', 'text holds a lone surrogate and has no UTF-8');
}
