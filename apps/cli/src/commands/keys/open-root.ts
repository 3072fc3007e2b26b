import type { RootProvider } from '@bulwark/keyring';
import { readPrivateFile } from '@bulwark/private-files';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { exists } from '../../exists.ts';
import { readPassphrase } from '../../passphrase.ts';
import { parsePkcs11Uri } from './pkcs11-uri.ts';
import type { RootKind, RootOptions } from './root-options.ts';

/** A root, and how to open it. */
export interface RootRequest {
  readonly options: RootOptions;
  readonly context: Context;
  /** What a passphrase becomes a root with; see `passphraseRoot`. */
  readonly recordFile: string;
  /** Whether a root of a passphrase is made where there is no record. */
  readonly mayCreate: boolean;
  /** `--passphrase-file`, or that of the new root. */
  readonly passphraseFlag: string;
  readonly passphraseVariable: string;
}

/** Opens the root that the options name. @throws CliError usage; KeyringError of the root; UnsafeFileError */
export function openRoot(request: RootRequest): Promise<RootProvider> {
  return ROOTS[request.options.root](request);
}

// Loaded one by one: a command uses one of them, and some bring the library of a vendor.
const ROOTS: Readonly<Record<RootKind, (request: RootRequest) => Promise<RootProvider>>> = {
  passphrase: passphraseRoot,

  async 'key-file'({ options }) {
    const { keyFileRoot } = await import('@bulwark/keyring/roots/key-file');
    return keyFileRoot(required(options.rootKeyFile, 'root-key-file', options));
  },

  async environment({ options, context }) {
    const { environmentRoot } = await import('@bulwark/keyring/roots/environment');
    return environmentRoot(context.env, options.rootEnv);
  },

  async 'aws-kms'({ options }) {
    const { awsKmsRoot } = await import('@bulwark/keyring/roots/aws-kms');
    return awsKmsRoot(required(options.kmsKey, 'kms-key', options));
  },

  async 'google-kms'({ options, context: { env } }) {
    const { googleKmsRoot } = await import('@bulwark/keyring/roots/google-kms');
    // As gcloud is told of a private or regional endpoint. The AWS SDK reads such a variable of its own by itself.
    const endpoint = env.CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS;
    return googleKmsRoot(required(options.kmsKey, 'kms-key', options), endpoint ? { endpoint } : {});
  },

  async 'azure-key-vault'({ options, context: { env } }) {
    const { azureKeyVaultRoot } = await import('@bulwark/keyring/roots/azure-key-vault');
    const key = required(options.kmsKey, 'kms-key', options);
    const file = env.AZURE_KEY_VAULT_TOKEN_FILE;
    const token = file
      ? (await readPrivateFile(file)).toString('utf8').trim()
      : requiredVariable(env, 'AZURE_KEY_VAULT_TOKEN', options);
    return azureKeyVaultRoot(key, { token: () => token });
  },

  async 'vault-transit'({ options, context: { env } }) {
    const { vaultTransitRoot } = await import('@bulwark/keyring/roots/vault-transit');
    const key = required(options.kmsKey, 'kms-key', options);
    const [mount, keyName] = [key.slice(0, Math.max(0, key.lastIndexOf('/'))), key.slice(key.lastIndexOf('/') + 1)];
    const token = requiredVariable(env, 'VAULT_TOKEN', options);
    return vaultTransitRoot({
      address: requiredVariable(env, 'VAULT_ADDR', options),
      keyName,
      token: () => token,
      ...(mount !== '' && { mount }),
      ...(env.VAULT_NAMESPACE ? { namespace: env.VAULT_NAMESPACE } : {}),
    });
  },

  async pkcs11({ options, context }) {
    const { pkcs11Root } = await import('@bulwark/keyring/roots/pkcs11');
    const { pinFile, ...address } = parsePkcs11Uri(required(options.kmsKey, 'kms-key', options));
    const source = { what: 'PIN of the token', flag: 'pin-source=file:', file: pinFile, variable: 'PKCS11_PIN' };
    // Now, since within the root each call has to be over in seconds.
    const pin = await readPassphrase(source, context);
    return pkcs11Root({ ...address, pin: () => pin });
  },
};

/** The root that follows from a passphrase and a record, or a new one of both where none is there and one may be made. */
async function passphraseRoot(request: RootRequest): Promise<RootProvider> {
  const { createPassphraseFile, openPassphraseFile } = await import('@bulwark/keyring/roots/passphrase');
  const { options, context, recordFile, mayCreate, passphraseFlag: flag, passphraseVariable: variable } = request;
  const what = flag.startsWith('--new') ? 'new passphrase of the keys' : 'passphrase of the keys';
  const source = { what, flag, variable, file: options.passphraseFile };
  if (!mayCreate) return openPassphraseFile(recordFile, await readPassphrase(source, context));
  const passphrase = await readPassphrase(source, context, { isNew: true });
  // Of several commands that come first at once one makes the record, and the others open it.
  return createPassphraseFile(recordFile, passphrase).catch(async (error: unknown) => {
    if (!(await exists(recordFile))) throw error;
    return openPassphraseFile(recordFile, passphrase);
  });
}

function required(value: string | undefined, flag: string, { root }: RootOptions): string {
  if (value !== undefined) return value;
  throw new CliError('usage', `the root ${root} needs --${flag}`);
}

function requiredVariable(env: Context['env'], name: string, { root }: RootOptions): string {
  const value = env[name];
  if (value) return value;
  throw new CliError('configuration', `the root ${root} needs ${name} in the environment`);
}
