import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { type BackupOpener, type BackupProtection, backupDigest, type KeyId } from '@bulwark/keyring';
import { readPrivateFile, systemReason } from '@bulwark/private-files';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import type { Outcome } from '../../exit-codes.ts';
import { replaceFiles, writeNewFiles } from '../../new-file.ts';
import { type PassphraseSource, readPassphrase } from '../../passphrase.ts';
import { readPrivateKeyFile } from '../../recipients/identity-file.ts';
import { BOX_KINDS } from '../../recipients/key-text.ts';
import { readPublicKey } from '../../recipients/public-key.ts';
import { type OpenedKeys, openKeyStore } from './key-store.ts';
import type { KeyStoreOptions } from './key-store-options.ts';
import { nameOf } from './key-text.ts';

interface BackupOptions extends KeyStoreOptions {
  readonly backupPassphraseFile?: string;
}
interface ExportOptions extends BackupOptions {
  readonly output: string;
  readonly force?: boolean;
  readonly key?: readonly string[];
  readonly backupPassphrase?: boolean;
  readonly recipient?: readonly string[];
  readonly custodians?: number;
  readonly threshold?: number;
}
interface ImportOptions extends BackupOptions {
  readonly identity?: string;
  readonly share?: readonly string[];
  readonly digest?: string;
}

/** `bulwark keys export` */
export async function exportKeys(options: ExportOptions, context: Context): Promise<Outcome> {
  const protection = await protectionOf(options, context);
  await using opened = await openKeyStore(options, context);
  const ids = options.key?.map(opened.id) ?? (options.scope === undefined ? undefined : await existing(opened));
  const { backup, shares } = await opened.keys.exportKeys(ids, protection);
  const shareFiles = shares.map((share, i) => ({
    path: `${options.output}.share-${i + 1}-of-${shares.length}`,
    content: `${share}\n`,
  }));
  // The backup last: until then the one before is there, which custodians who have their shares can open.
  const toWrite = [...shareFiles, { path: options.output, content: backup }];
  await (options.force ? replaceFiles(toWrite) : writeNewFiles(toWrite));

  const digest = backupDigest(backup);
  const files = shareFiles.map(({ path }) => path);
  const toGive = files.map((file) => `  ${file}`);
  const lines = [
    `The keys are in ${options.output}.`,
    ...(files.length === 0 ? [] : [`Give each custodian one of these, then erase them here:`, ...toGive]),
    `Keep the digest apart from it, and give it when importing: ${digest}`,
  ];
  context.output.say({ event: 'keys-exported', file: options.output, shares: files, digest }, lines.join('\n'));
  return 'ok';
}

/** `bulwark keys import BACKUP` */
export async function importKeys(options: ImportOptions, context: Context, file: string): Promise<Outcome> {
  const backup = file === '-' ? await text(context.stdin) : await readFile(file, 'utf8').catch(unreadable(file));
  const opener = await openerOf(options, context);
  await using opened = await openKeyStore(options, context, { mayCreate: true });
  const { digest } = options;
  const { imported, present, conflicting } = await opened.keys.importKeys(backup, opener, digest ? { digest } : {});
  const line = (what: string, ids: readonly KeyId[]) =>
    ids.length === 0 ? [] : [`${what}: ${ids.map(nameOf).join(', ')}`];
  const lines = [
    ...line('Imported', imported),
    ...line('Here already', present),
    ...line('Not imported, since another key has the name here', conflicting),
  ];
  context.output.say({ event: 'keys-imported', imported, present, conflicting }, lines.join('\n'));
  return conflicting.length > 0 ? 'failed' : 'ok';
}

/** The keys of a scope that were not destroyed. */
async function existing({ keys, list }: OpenedKeys): Promise<KeyId[]> {
  const ids = await list();
  const found = await Promise.all(
    ids.map((id) =>
      keys.describe(id).catch((error: { code?: unknown }) => {
        if (error.code === 'ERR_KEY_DESTROYED') return undefined;
        throw error;
      }),
    ),
  );
  return ids.filter((_id, i) => found[i] !== undefined);
}

async function protectionOf(options: ExportOptions, context: Context): Promise<BackupProtection> {
  const { recipient = [], custodians, threshold } = options;
  if ((custodians === undefined) !== (threshold === undefined)) {
    throw new CliError('usage', '--custodians and --threshold belong together');
  }
  const hasPassphrase = options.backupPassphrase || options.backupPassphraseFile !== undefined;
  if (!hasPassphrase && recipient.length === 0 && custodians === undefined) {
    throw new CliError('usage', 'say who may open the backup: --backup-passphrase, --recipient KEY, or --custodians N');
  }
  return {
    ...(hasPassphrase && { passphrase: await readPassphrase(passphraseSource(options), context, { isNew: true }) }),
    recipients: await Promise.all(recipient.map(async (given) => (await readPublicKey(given, BOX_KINDS)).bytes)),
    ...(custodians !== undefined && threshold !== undefined && { custodians: { shares: custodians, threshold } }),
  };
}

async function openerOf(options: ImportOptions, context: Context): Promise<BackupOpener> {
  const { identity, share = [] } = options;
  if (identity !== undefined) return { privateKey: (await readPrivateKeyFile(identity, BOX_KINDS)).bytes };
  if (share.length > 0) {
    return { shares: await Promise.all(share.map(async (file) => (await readPrivateFile(file)).toString('utf8'))) };
  }
  return { passphrase: await readPassphrase(passphraseSource(options), context) };
}

function passphraseSource({ backupPassphraseFile: file }: BackupOptions): PassphraseSource {
  const what = 'passphrase of the backup';
  return { what, flag: '--backup-passphrase-file', file, variable: 'BULWARK_BACKUP_PASSPHRASE' };
}

function unreadable(file: string): (error: unknown) => never {
  return (cause) => {
    throw new CliError('failed', `${file} ${systemReason(cause)}`, { cause });
  };
}
