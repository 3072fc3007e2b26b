import { type Command, Option } from 'commander';
import { type Action, deferred } from '../../action.ts';
import { collect, wholeNumber } from '../../option-values.ts';
import { addKeyStoreOptions } from '../keys/key-store-options.ts';

/** `bulwark files …` */
export function addFilesCommands(program: Command, action: Action): void {
  const files = program.command('files').description('files and directories: encrypt, decrypt, inspect, verify');
  const encrypt = files
    .command('encrypt <path...>')
    .description('encrypt files, and all that is below directories; - for standard input')
    .option('--key <name>', 'for who has this key')
    .option('--recipient <key>', 'for who has the private key of this public one, or of the one in this file', collect)
    .option('--passphrase', 'for who knows a passphrase, which is asked for')
    .option('--no-metadata', 'keep neither name nor time of the file')
    .action(action(deferred(async () => (await import('./encrypt-files.ts')).encryptFiles)));
  const decrypt = files
    .command('decrypt <path...>')
    .description('decrypt files, and what ends in .bwf below directories; - for standard input')
    .action(action(deferred(async () => (await import('./decrypt-files.ts')).decryptFiles)));
  const verify = files
    .command('verify <path...>')
    .description('open all of files and keep nothing')
    .action(action(deferred(async () => (await import('./check-files.ts')).verifyFiles)));
  files
    .command('inspect <path...>')
    .description('what sealed files say of themselves without a key')
    .action(action(deferred(async () => (await import('./check-files.ts')).inspectFiles)));
  files
    .command('keygen')
    .description('make a key pair for others to encrypt to; prints the public key')
    .requiredOption('-o, --output <file>', 'new file for the private key')
    .option('--hybrid', 'with ML-KEM-768 as well, for what must outlast quantum computers')
    .action(action(deferred(async () => (await import('./make-identity.ts')).makeIdentity)));

  for (const command of [encrypt, decrypt]) {
    command
      .option('-o, --output <path>', 'file or directory to write; - for standard output (default: beside the source)')
      .option('--force', 'replace files that are there')
      .option('--resume', 'take up what a run that was killed has left; give it to that run as well')
      .option('--remove-source', 'remove each source once its target is on the disk');
  }
  for (const command of [decrypt, verify]) {
    command
      .option('--identity <file>', 'file with a private key; may be given again', collect)
      .option('--allow-compromised', 'open what versions of keys sealed that are compromised, with a warning')
      .addOption(
        new Option('--passphrase', 'open standard input with a passphrase; of files it is seen whether they need one'),
      );
  }
  for (const command of [encrypt, decrypt, verify]) {
    command.option('--threads <n>', 'threads for one file (default: by its length)', wholeNumber(1, 64));
    addKeyStoreOptions(command);
  }
}
