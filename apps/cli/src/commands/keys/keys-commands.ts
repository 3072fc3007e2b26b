import type { FieldSuite } from '@bulwark/crypto';
import type { KeyKind } from '@bulwark/keyring';
import { type Command, Option } from 'commander';
import { type Action, deferred } from '../../action.ts';
import { collect, wholeNumber } from '../../option-values.ts';
import { addKeyStoreOptions, keyDirOption } from './key-store-options.ts';
import { addRootOptions } from './root-options.ts';

const KINDS: readonly KeyKind[] = ['data', 'index', 'vault', 'secret'];
const SUITES: readonly FieldSuite[] = ['XAES-256-GCM', 'A256GCM', 'XAES-DET', 'COBBLESTONE-256', 'FERNET'];
const DAYS = wholeNumber(1, 3650);
const VERSION = wholeNumber(1, 1_000_000);

const receiptKeyOption = () =>
  new Option(
    '--receipt-key-file <file>',
    'file of mode 0600 with the key that receipts are signed with (default: receipt.key in the directory of the keys)',
  );

/** `bulwark keys …` */
export function addKeysCommands(program: Command, action: Action): void {
  const keys = program.command('keys').description('keys by name: make, rotate, back up, destroy');
  /** A command that works on a key store. */
  const command = (usage: string, description: string): Command => {
    const made = keys.command(usage).description(description);
    addKeyStoreOptions(made);
    return made;
  };
  keys
    .command('generate')
    .description('print three new keys, for the configuration file of a server; nothing is stored')
    .action(action(deferred(async () => (await import('./generate-keys.ts')).generateKeys)));

  command('create <name>', 'make a key')
    .addOption(new Option('--kind <kind>', 'what it is for').choices(KINDS).default('data'))
    .addOption(new Option('--suite <suite>', 'how a data key seals').choices(SUITES))
    .option('--rotate-days <n>', 'age at which it is due for rotation (default: 90 for data keys)', DAYS)
    .option('--rotate-uses <n>', 'uses at which it is due for rotation', wholeNumber(1, 2 ** 47))
    .option('--expire-days <n>', 'age from which a version only opens', DAYS)
    .action(action(deferred(async () => (await import('./create-key.ts')).createKey)));
  command('list', 'all keys, in a line each').action(
    action(deferred(async () => (await import('./show-keys.ts')).listKeys)),
  );
  command('show <name>', 'all that is known of a key').action(
    action(deferred(async () => (await import('./show-keys.ts')).showKey)),
  );
  command('rotate <name>', 'add a version, which seals from now on').action(
    action(deferred(async () => (await import('./rotate-keys.ts')).rotateKey)),
  );
  command('rotate-expired', 'rotate the keys that are due').action(
    action(deferred(async () => (await import('./rotate-keys.ts')).rotateExpiredKeys)),
  );
  command('retire <name>', 'have a version, or all, open what they sealed and seal no more')
    .argument('[version]', 'which; all that are active without it', VERSION)
    .action(action(deferred(async () => (await import('./rotate-keys.ts')).retireKey)));
  command(
    'compromise <name>',
    'record that others may know a version, which then seals no more and opens on demand alone',
  )
    .argument('<version>', 'which', VERSION)
    .option('--confirm <name>', 'the name once more')
    .action(action(deferred(async () => (await import('./compromise-key.ts')).compromiseKey)));
  command('destroy <name>', 'destroy a key or one version, and what it sealed with it; prints the receipt')
    .argument('[version]', 'which; the whole key without it', VERSION)
    .option('--confirm <name>', 'the name once more')
    .option('--reason <text>', 'for the receipt', 'asked for on the command line')
    .option('--force', 'though it is active, the newest version, or was used within the last day')
    .option('-o, --output <file>', 'new file for the receipts, a line of JSON each')
    .addOption(receiptKeyOption())
    .action(action(deferred(async () => (await import('./destroy-key.ts')).destroyKey)));

  keys
    .command('receipt-key')
    .description('print the public key that receipts are verified with, and make the key pair where there is none')
    .addOption(keyDirOption())
    .addOption(receiptKeyOption())
    .action(action(deferred(async () => (await import('./receipt-key.ts')).showReceiptKey)));
  keys
    .command('verify-receipt <file>')
    .description('check the signatures of receipts; - for standard input')
    .option('--public-key <key>', 'of who signed them, or a file with it (default: that of the receipt key here)')
    .addOption(keyDirOption())
    .addOption(receiptKeyOption())
    .action(action(deferred(async () => (await import('./verify-receipt.ts')).verifyReceipts)));

  const backupPassphraseFile = () =>
    new Option(
      '--backup-passphrase-file <file>',
      'file of mode 0600 with the passphrase of the backup; - for standard input',
    );
  command('export', 'write an encrypted backup of the keys')
    .requiredOption('-o, --output <file>', 'where to; shares are put beside it')
    .option('--force', 'replace a file that is there')
    .option('--key <name>', 'which key; may be given again; all without it', collect)
    .option('--backup-passphrase', 'openable with a passphrase of its own')
    .addOption(backupPassphraseFile())
    .option(
      '--recipient <key>',
      'openable with the private key of this public one, or of the one in this file',
      collect,
    )
    .option('--custodians <n>', 'openable by so many people together, each of whom gets a share', wholeNumber(2, 255))
    .option('--threshold <n>', 'how many of them it takes', wholeNumber(2, 255))
    .action(action(deferred(async () => (await import('./backup-keys.ts')).exportKeys)));
  command('import <backup>', 'take in the keys of a backup that are not here; - for standard input')
    .addOption(backupPassphraseFile())
    .option('--identity <file>', 'private key that it was made for')
    .option('--share <file>', "a custodian's share; may be given again", collect)
    .option('--digest <hex>', 'refuse any other backup than that with this digest')
    .action(action(deferred(async () => (await import('./backup-keys.ts')).importKeys)));

  const rewrap = command('rewrap', 'move all keys to a new root; what they sealed is not touched')
    .option('--repair', 'though a root does not open to the key, as long as another does')
    .action(action(deferred(async () => (await import('./rewrap-keys.ts')).rewrapKeys)));
  addRootOptions(rewrap, { prefix: 'new-' });
  command('doctor', 'check directory, root, and that every key is genuine').action(
    action(deferred(async () => (await import('./check-keys.ts')).checkKeys)),
  );
}
