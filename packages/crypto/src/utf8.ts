import { CryptoError } from './errors.ts';

/** Text up to this length is cheaper to write byte by byte than to hand to native code. */
const SHORT = 64;

/**
 * Refuses text with lone surrogates: it has no UTF-8, and all such text would be encoded alike.
 *
 * @throws CryptoError ERR_ARGUMENT; the text is not echoed.
 */
export function requireWellFormed(text: string): string {
  if (text.isWellFormed()) return text;
  throw new CryptoError('ERR_ARGUMENT', 'text holds a lone surrogate and has no UTF-8');
}

/** The most bytes that text can take as UTF-8: three for each UTF-16 unit. */
export function textRoom(text: string): number {
  return 3 * text.length;
}

/** Writes text as UTF-8, where there is `textRoom`. @returns Its length in bytes. @throws CryptoError ERR_ARGUMENT */
export function writeText(target: Buffer, text: string, offset: number): number {
  if (text.length <= SHORT && writeAscii(target, text, offset)) return text.length;
  return target.write(requireWellFormed(text), offset, 'utf8');
}

function writeAscii(target: Buffer, text: string, offset: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return false;
    target[offset + i] = unit;
  }
  return true;
}
