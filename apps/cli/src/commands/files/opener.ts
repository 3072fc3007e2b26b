import { type FileInspection, type FileKeys, type Identity, inspectFile, type Opener } from '@bulwark/files';
import type { KeyEventSink } from '@bulwark/keyring';
import type { Context } from '../../context.ts';
import { readPassphrase } from '../../passphrase.ts';
import { readPrivateKeyFile } from '../../recipients/identity-file.ts';
import { BOX_KINDS } from '../../recipients/key-text.ts';
import { type OpenedKeys, openKeyStore } from '../keys/key-store.ts';
import type { KeyStoreOptions } from '../keys/key-store-options.ts';
import { nameOf } from '../keys/key-text.ts';
import { storedFileKeys } from './file-keys.ts';
import { passphraseSource } from './seal-for.ts';

/** Options that say what files are opened with. */
export interface OpenerOptions extends KeyStoreOptions {
  readonly identity?: readonly string[];
  /** A stream is opened with a passphrase: what it needs cannot be seen beforehand. */
  readonly passphrase?: boolean;
  /** Compromised versions of keys open as well, with a warning. */
  readonly allowCompromised?: boolean;
}

/** What files are opened with. Everything is opened or asked for once, when the first file needs it. */
export interface Openers extends AsyncDisposable {
  forFile(path: string): Promise<Opener>;
  forStream(): Promise<Opener>;
}

/** @throws CliError usage, UnsafeFileError (identity files); the calls also what the key store throws */
export async function createOpeners(options: OpenerOptions, context: Context): Promise<Openers> {
  const identities = await Promise.all(
    (options.identity ?? []).map(async (path): Promise<Identity> => {
      const { kind, bytes } = await readPrivateKeyFile(path, BOX_KINDS);
      return kind === 'hybrid' ? { hybrid: bytes } : { x25519: bytes };
    }),
  );
  let passphrase: Promise<string> | undefined;
  let opened: Promise<OpenedKeys> | undefined;
  let keys: FileKeys | undefined;
  const withPassphrase = async (): Promise<Opener> => {
    passphrase ??= readPassphrase(passphraseSource(options), context);
    return { identities, passphrase: await passphrase };
  };
  const withKeys = async (): Promise<Opener> => {
    opened ??= openKeyStore(options, context, { onEvent: compromiseWarnings(context) });
    keys ??= storedFileKeys(await opened, { allowCompromised: options.allowCompromised ?? false });
    return { identities, keys };
  };

  return {
    async forFile(path) {
      const needs = neededFor(await inspectFile(path), identities.length > 0);
      if (needs === 'passphrase') return withPassphrase();
      return needs === 'keys' ? withKeys() : { identities };
    },
    async forStream() {
      if (options.passphrase) return withPassphrase();
      return identities.length > 0 ? { identities } : withKeys();
    },
    async [Symbol.asyncDispose]() {
      await (await opened?.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
}

/** Warns of each compromised version that something was opened with, once. */
function compromiseWarnings({ output }: Context): KeyEventSink {
  const told = new Set<string>();
  return ({ type, scope, name, version }) => {
    const what = `version ${version} of ${nameOf({ scope, name })} is compromised`;
    if (type !== 'opened-compromised' || told.has(what)) return;
    told.add(what);
    output.complain(
      { event: type, scope, name, version },
      `warning: ${what}; whoever has it can have made or changed what is opened with it`,
    );
  };
}

function neededFor({ recipients }: FileInspection, hasIdentity: boolean): 'passphrase' | 'keys' | 'identity' {
  if (recipients.some(({ type }) => type === 'passphrase')) return 'passphrase';
  if (recipients.length === 0) return 'keys';
  return recipients.some(({ type }) => type === 'key') && !hasIdentity ? 'keys' : 'identity';
}
