import { misconfigured } from '../root-fault.ts';
import { acquireLibrary, type Pkcs11Library } from './library.ts';
import { fromPkcs11Error } from './pkcs11-fault.ts';
import { findSlot, iterate, logIn, PKCS11_ROOT, type TokenKeyAddress } from './token.ts';

/**
 * Makes an AES-256 key inside a token, for `pkcs11Root`: sensitive, not extractable, for wrapping and nothing else.
 * There is no copy of it: what the vendor has for backups of tokens is to be set up first.
 *
 * @throws KeyringError ERR_ROOT_CONFIG where the token has one of that label, ERR_ROOT_UNAVAILABLE, ERR_ROOT_DENIED
 */
export async function createPkcs11Key(address: TokenKeyAddress & { readonly libraryPath: string }): Promise<void> {
  const library = await acquireLibrary(address.libraryPath);
  try {
    await library.initialise(0);
    await library.run(() => createKey(library, address));
  } catch (error) {
    throw fromPkcs11Error(PKCS11_ROOT, error);
  } finally {
    await library.release();
  }
}

async function createKey({ graphene, module }: Pkcs11Library, { tokenLabel, keyLabel, pin }: TokenKeyAddress) {
  const { KeyGenMechanism, KeyType, ObjectClass, SessionFlag } = graphene;
  const slot = findSlot([...iterate(module.getSlots(true))], tokenLabel);
  const session = slot.open(SessionFlag.SERIAL_SESSION | SessionFlag.RW_SESSION);
  try {
    logIn(session, await pin());
    const identity = { class: ObjectClass.SECRET_KEY, keyType: KeyType.AES, label: keyLabel };
    if (session.find(identity).length > 0) throw misconfigured(`the token has an AES key labelled ${keyLabel} already`);
    session.generateKey(KeyGenMechanism.AES, {
      ...identity,
      valueLen: 32,
      token: true,
      private: true,
      sensitive: true,
      extractable: false,
      encrypt: true,
      decrypt: true,
      wrap: true,
      unwrap: true,
      sign: false,
      verify: false,
      derive: false,
    });
  } finally {
    session.close();
  }
}
