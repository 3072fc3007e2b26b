import type { KeyObject } from 'node:crypto';
import { hkdfExpand, pae } from '@bulwark/crypto';

/**
 * What an unfinished file may be resumed for: this message, of this source, as it was. Keyed with the file's key, so that
 * nobody who can only rename files gets a message continued with another source.
 *
 * @param identity The source's, see `SourceFile`.
 * @param messageHeader Salt and commitment.
 * @returns 32 hex digits.
 */
export function resumeTag(
  direction: 'seal' | 'open',
  { key, header }: { readonly key: KeyObject; readonly header: Uint8Array },
  messageHeader: Uint8Array,
  identity: string,
): string {
  const info = pae('bw1/file/resume', direction, header, messageHeader, identity);
  return hkdfExpand('sha512', key, info, 16).toString('hex');
}
