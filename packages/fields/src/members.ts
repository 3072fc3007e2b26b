import { CryptoError, decodeFieldText, encodeFieldText } from '@bulwark/crypto';
import type { KeyId, Keys } from '@bulwark/keyring';
import { FieldsError } from './errors.ts';
import { jsonText } from './field-type.ts';
import { mapPaths, parsePath } from './json-paths.ts';

/** Which members of a dictionary are sealed, and with what. */
export interface MembersOptions {
  readonly keys: Keys;
  /** A data key. */
  readonly id: KeyId;
  /** `tax_id`, `payment.token`, `cards.*.number`. */
  readonly paths: readonly string[];
  /** What the dictionary belongs to: authenticated, not stored. Whoever opens it must give the same. */
  readonly context: string;
}

/**
 * Seals named members of a dictionary that is no row of a table: a message, a setting, a document. The rest of it stays
 * as it is.
 *
 * @returns A copy. Sealed members are `bw1:…` texts, each bound to its path.
 * @throws FieldsError ERR_DECLARATION (a path), ERR_VALUE_TYPE (a member that JSON has not); KeyringError
 */
export async function sealMembers<T>(value: T, { keys, id, paths, context }: MembersOptions): Promise<T> {
  const parts = paths.map((path) => parsePath('paths', path));
  const members: { plaintext: string; context: string }[] = [];
  mapPaths(value, parts, (member, at) => members.push({ plaintext: jsonText(member), context: placeOf(context, at) }));
  const sealed = await keys.sealValues(id, members);
  let next = 0;
  return mapPaths(value, parts, () => encodeFieldText(sealed[next++]!)) as T;
}

/**
 * Opens what `sealMembers` has sealed.
 *
 * @throws FieldsError ERR_NOT_SEALED (a member is in clear), ERR_OPEN_FAILED; KeyringError
 */
export async function openMembers<T>(value: T, { keys, id, paths, context }: MembersOptions): Promise<T> {
  const parts = paths.map((path) => parsePath('paths', path));
  const members: { sealed: Buffer; context: string }[] = [];
  mapPaths(value, parts, (member, at) =>
    members.push({ sealed: sealedBytes(member, at), context: placeOf(context, at) }),
  );
  const opened = await keys.openValues(id, members).catch((error: unknown) => {
    if (error instanceof CryptoError) throw openFailed();
    throw error;
  });
  let next = 0;
  return mapPaths(value, parts, () => JSON.parse(opened[next++]!.toString('utf8')) as unknown) as T;
}

function placeOf(context: string, at: string): string {
  return JSON.stringify([context, at]);
}

function sealedBytes(member: unknown, at: string): Buffer {
  if (typeof member !== 'string' || !member.startsWith('bw1:')) {
    throw new FieldsError('ERR_NOT_SEALED', `${at} holds a value that is not sealed`);
  }
  try {
    return decodeFieldText(member);
  } catch {
    throw openFailed();
  }
}

function openFailed(): FieldsError {
  return new FieldsError('ERR_OPEN_FAILED', 'cannot open a member: wrong key, moved from another place, or changed');
}
