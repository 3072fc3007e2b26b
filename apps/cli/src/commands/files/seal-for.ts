import type { Recipient, SealFor } from '@bulwark/files';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { type PassphraseSource, readPassphrase } from '../../passphrase.ts';
import { BOX_KINDS } from '../../recipients/key-text.ts';
import { readPublicKey } from '../../recipients/public-key.ts';
import { openKeyStore } from '../keys/key-store.ts';
import type { KeyStoreOptions } from '../keys/key-store-options.ts';
import { storedFileKeys } from './file-keys.ts';

/** Options that say for whom files are sealed. */
export interface SealForOptions extends KeyStoreOptions {
  readonly key?: string;
  readonly recipient?: readonly string[];
  readonly passphrase?: boolean;
}

/** For whom, until it is disposed of. */
export interface OpenedSealFor extends AsyncDisposable {
  readonly sealFor: SealFor;
}

/** Opens and asks for what sealing needs. @throws CliError usage, and whatever the key store throws */
export async function openSealFor(options: SealForOptions, context: Context): Promise<OpenedSealFor> {
  const { key, recipient = [], passphrase } = options;
  const ways = [key !== undefined, recipient.length > 0, passphrase === true].filter(Boolean).length;
  if (ways !== 1) throw new CliError('usage', 'say for whom, in one way: --key NAME, --recipient KEY or --passphrase');
  const nothing = async () => {};

  if (key !== undefined) {
    const opened = await openKeyStore(options, context);
    const keys = storedFileKeys(opened);
    await opened.keys.warm([opened.id(key)]); // so that a key that is not there is told before any file
    return { sealFor: { key, keys }, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
  }
  if (passphrase) {
    const given = await readPassphrase(passphraseSource(options), context, { isNew: true });
    return { sealFor: { passphrase: given }, [Symbol.asyncDispose]: nothing };
  }
  const recipients = await Promise.all(
    recipient.map(async (each): Promise<Recipient> => {
      const { kind, bytes } = await readPublicKey(each, BOX_KINDS);
      return kind === 'hybrid' ? { hybrid: bytes } : { x25519: bytes };
    }),
  );
  return { sealFor: { recipients }, [Symbol.asyncDispose]: nothing };
}

/** Where the passphrase of files comes from. */
export function passphraseSource({ passphraseFile: file }: KeyStoreOptions): PassphraseSource {
  const what = 'passphrase of the files';
  return { what, flag: '--passphrase-file', file, variable: 'BULWARK_FILE_PASSPHRASE' };
}
