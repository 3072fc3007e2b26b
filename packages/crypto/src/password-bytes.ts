/** Longest password, in bytes after normalising. */
export const MAX_PASSWORD_BYTES = 4096;

/**
 * A password as bytes: UTF-8 of Unicode form NFKC, so that it is the same from every keyboard.
 *
 * @returns `undefined` when it is longer than 4096 bytes or not well-formed text.
 */
export function passwordBytes(password: string): Buffer | undefined {
  // Before normalising, which takes time: composing never shortens text to less than a quarter in practice.
  if (password.length > 4 * MAX_PASSWORD_BYTES || !password.isWellFormed()) return undefined;
  const bytes = Buffer.from(password.normalize('NFKC'), 'utf8');
  return bytes.length <= MAX_PASSWORD_BYTES ? bytes : undefined;
}
