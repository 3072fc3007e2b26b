import type { Command } from 'commander';
import { Option } from 'commander';

/** Who may hold the root key that all others are wrapped with. */
export const ROOT_KINDS = [
  'passphrase',
  'key-file',
  'environment',
  'aws-kms',
  'google-kms',
  'azure-key-vault',
  'vault-transit',
  'pkcs11',
] as const;
export type RootKind = (typeof ROOT_KINDS)[number];

/** Options that name a root. None has a secret in it, only where to find one. */
export interface RootOptions {
  readonly root: RootKind;
  /** Holds the passphrase, or `-`. */
  readonly passphraseFile?: string;
  readonly rootKeyFile?: string;
  /** The environment variable that holds the root key. */
  readonly rootEnv: string;
  /** Of the key in a KMS or a token. */
  readonly kmsKey?: string;
}

/** As `RootOptions`, for the root that keys are to be moved to. */
export type NewRootOptions = { readonly [Name in keyof RootOptions as `new${Capitalize<Name>}`]: RootOptions[Name] };

/** Adds the options that name a root, or with `new` in front those of a second one. */
export function addRootOptions(command: Command, { prefix = '' }: { readonly prefix?: '' | 'new-' } = {}): void {
  const which = prefix === '' ? 'the root' : 'the new root';
  const option = (flag: string, help: string) => new Option(`--${prefix}${flag}`, help).helpGroup('Root of the keys:');
  command
    .addOption(option('root <kind>', `who holds ${which} key`).choices(ROOT_KINDS).default('passphrase'))
    .addOption(
      option('passphrase-file <file>', `file of mode 0600 with the passphrase of ${which}; - for standard input`),
    )
    .addOption(option('root-key-file <file>', 'file of mode 0600 with the key, for key-file'))
    .addOption(option('root-env <name>', 'variable with the key, for environment').default('BULWARK_ROOT_KEY'))
    .addOption(
      option(
        'kms-key <id>',
        'ARN, resource name, key URL, [MOUNT/]NAME in Vault, or PKCS#11 URI, for the kinds named so',
      ),
    );
}

/** The options of the second root, as those of the first are named. */
export function newRootOf(options: NewRootOptions): RootOptions {
  const { newRoot: root, newPassphraseFile, newRootKeyFile, newRootEnv: rootEnv, newKmsKey } = options;
  return {
    root,
    rootEnv,
    ...(newPassphraseFile !== undefined && { passphraseFile: newPassphraseFile }),
    ...(newRootKeyFile !== undefined && { rootKeyFile: newRootKeyFile }),
    ...(newKmsKey !== undefined && { kmsKey: newKmsKey }),
  };
}
