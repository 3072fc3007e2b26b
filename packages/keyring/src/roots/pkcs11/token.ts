import type { Key, Session, Slot } from 'graphene-pk11';
import { denied, misconfigured, unavailable } from '../root-fault.ts';
import type { Pkcs11Library } from './library.ts';
import { CKR, codeOf } from './pkcs11-fault.ts';
import { type Pool, poolOf } from './pool.ts';
import { type SchemeName, schemesOf, type WrappingScheme } from './wrapping-scheme.ts';

/** Which key of which token, and who may use it. */
export interface TokenKeyAddress {
  readonly tokenLabel: string;
  readonly keyLabel: string;
  readonly pin: () => string | Promise<string>;
}

/** A token that we are logged in to, and its key. */
export interface TokenKey {
  readonly sessions: Pool<Session>;
  readonly key: Key;
  /** The preferred one first. */
  readonly schemes: readonly WrappingScheme[];
  /** Gives the sessions back, so that other users of the token have them. */
  close(): void;
}

export const PKCS11_ROOT = 'the PKCS#11 token';

/**
 * Finds a token by its label, logs in and finds the key.
 *
 * @param sessionCount Sessions to open; tokens that have fewer give what they have.
 * @throws KeyringError ERR_ROOT_UNAVAILABLE (no such token), ERR_ROOT_DENIED (no such key), ERR_ROOT_CONFIG;
 *   Pkcs11Error, of the PIN too
 */
export async function connectToken(
  { graphene, module }: Pkcs11Library,
  { tokenLabel, keyLabel, pin }: TokenKeyAddress,
  sessionCount: number,
  wanted: SchemeName | undefined,
): Promise<TokenKey> {
  const slot = findSlot([...iterate(module.getSlots(true))], tokenLabel);
  const sessions = openSessions(slot, graphene.SessionFlag.SERIAL_SESSION, sessionCount);
  const [first] = sessions as [Session];
  logIn(first, await pin());

  const template = { class: graphene.ObjectClass.SECRET_KEY, keyType: graphene.KeyType.AES, label: keyLabel };
  const found = first.find(template);
  if (found.length === 0) throw denied(PKCS11_ROOT, `it has no AES key labelled ${keyLabel}`);
  if (found.length > 1) throw misconfigured(`the token has more than one AES key labelled ${keyLabel}`);
  const key = found.items(0).toType<Key>();
  const { extractable, sensitive } = key.getAttribute({ extractable: null, sensitive: null });
  if (extractable || !sensitive) {
    throw misconfigured(`the key labelled ${keyLabel} can leave its token: it must be sensitive, and not extractable`);
  }
  const schemes = schemesOf(slot, graphene, wanted);
  return { sessions: poolOf(sessions), key, schemes, close: () => closeAll(sessions) };
}

/** The slot whose token has this label. @throws KeyringError ERR_ROOT_UNAVAILABLE, ERR_ROOT_CONFIG (several) */
export function findSlot(slots: readonly Slot[], tokenLabel: string): Slot {
  const [slot, another] = slots.filter((candidate) => candidate.getToken().label === tokenLabel);
  if (slot === undefined) throw unavailable(PKCS11_ROOT, `no token labelled ${tokenLabel} is present`);
  if (another !== undefined) throw misconfigured(`more than one token is labelled ${tokenLabel}`);
  return slot;
}

/** Logins are of the process, not of a session: another root may have logged in already. */
export function logIn(session: Session, pin: string): void {
  try {
    session.login(pin);
  } catch (error) {
    if (codeOf(error) !== CKR.USER_ALREADY_LOGGED_IN) throw error;
  }
}

/** A collection of graphene's as an array's worth of items; its own iterator is not typed as one. */
export function* iterate<T>(collection: { length: number; items(index: number): T }): Generator<T> {
  for (let index = 0; index < collection.length; index++) yield collection.items(index);
}

function openSessions(slot: Slot, flags: number, count: number): Session[] {
  const sessions = [slot.open(flags)];
  try {
    while (sessions.length < count) sessions.push(slot.open(flags));
  } catch {
    // The token has no more sessions to give: those we have will do.
  }
  return sessions;
}

function closeAll(sessions: readonly Session[]): void {
  for (const session of sessions) {
    try {
      session.close();
    } catch {
      // It went with its token, or with the library's last initialisation.
    }
  }
}
