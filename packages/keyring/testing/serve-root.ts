import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { tempDir } from '../../../testing/temp-dir.ts';
import { createPkcs11Key } from '../src/roots/pkcs11/pkcs11-root.ts';
import { startAwsKms } from './aws-kms-endpoint.ts';
import { startAzureKeyVault } from './azure-key-vault-endpoint.ts';
import { startGoogleKms } from './google-kms-endpoint.ts';
import { startSoftHsm } from './soft-hsm.ts';
import { startVault } from './vault-transit-endpoint.ts';

/*
 * A root's endpoint in a process of its own, for tests of commands: `serve-root.ts KIND` prints a line of JSON, and runs
 * until its standard input ends.
 */

/** What a command needs to reach a root. */
export interface ServedRoot {
  /** Of the environment: addresses and credentials, as vendors name them. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of two keys, as the command takes them. */
  readonly keys: readonly [string, string];
  /** In none of them may the command's output be found. */
  readonly secrets: readonly string[];
}

const directory = await tempDir();

/** Writes a file of mode 0600. */
async function secretFile(name: string, content: string): Promise<string> {
  const file = path.join(directory.path, name);
  await writeFile(file, content, { mode: 0o600 });
  return file;
}

const ROOTS: Readonly<Record<string, () => Promise<ServedRoot & { readonly stop?: () => Promise<void> }>>> = {
  async 'aws-kms'() {
    const { url, keyArns, credentials } = await startAwsKms();
    return {
      keys: keyArns,
      secrets: [credentials.secretAccessKey],
      env: {
        AWS_ENDPOINT_URL_KMS: url,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      },
    };
  },

  async 'google-kms'() {
    const { url, keyNames, credentials } = await startGoogleKms();
    const file = await secretFile('account.json', JSON.stringify(credentials));
    return {
      keys: keyNames,
      secrets: [credentials.private_key.split('\n')[1] ?? ''],
      env: { GOOGLE_APPLICATION_CREDENTIALS: file, CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: `${url}/` },
    };
  },

  async 'azure-key-vault'() {
    const { keyIds, token } = await startAzureKeyVault();
    return { keys: keyIds, secrets: [token], env: { AZURE_KEY_VAULT_TOKEN: token } };
  },

  async 'vault-transit'() {
    const { url, keys, token, namespace } = await startVault();
    return {
      keys: [keys.plain, `transit/${keys.other}`],
      secrets: [token],
      env: { VAULT_ADDR: url, VAULT_TOKEN: token, VAULT_NAMESPACE: namespace },
    };
  },

  async pkcs11() {
    const { libraryPath, tokenLabel, pin, remove } = await startSoftHsm();
    const labels = ['root', 'other'] as const;
    for (const keyLabel of labels) await createPkcs11Key({ libraryPath, tokenLabel, keyLabel, pin: () => pin });
    const uriOf = (object: string) => `pkcs11:token=${encodeURIComponent(tokenLabel)};object=${object}`;
    const pinFile = await secretFile('pin', `${pin}\n`);
    return {
      keys: [
        `${uriOf(labels[0])}?module-path=${libraryPath}`,
        `${uriOf(labels[1])}?module-path=${libraryPath}&pin-source=file:${pinFile}`,
      ],
      secrets: [pin],
      env: { SOFTHSM2_CONF: process.env.SOFTHSM2_CONF ?? '', PKCS11_PIN: pin },
      stop: remove,
    };
  },
};

const { stop, ...served } = await ROOTS[process.argv[2] ?? '']!();
process.stdout.write(`${JSON.stringify(served satisfies ServedRoot)}\n`);
await text(process.stdin);
await stop?.();
await directory.remove();
process.exit(0);
