import { type Command, Option } from 'commander';
import { type Action, deferred } from '../../action.ts';
import { collect, part, wholeNumber } from '../../option-values.ts';

const BACKFILL_TARGETS = ['backfilled', 'encrypted-only', 'plain-dropped'];

/** `bulwark fields …` */
export function addFieldsCommands(program: Command, action: Action): void {
  const fields = program
    .command('fields')
    .description("an application's encrypted columns: migrate, re-encrypt, verify, while it runs");
  const command = (usage: string, description: string): Command =>
    fields
      .command(usage)
      .description(description)
      .option(
        '--config <file>',
        'module that names database, keys and tables (default: bulwark.fields.ts, .mjs or .js here)',
      );
  /** A command that walks over tables. */
  const job = (usage: string, description: string): Command =>
    command(usage, description)
      .option('--load <part>', 'part of the time spent working, above 0 up to 1 (default: 0.5)', part)
      .option('--rows-per-second <n>', 'at most so many (default: no limit)', wholeNumber(1, 1_000_000))
      .option('--chunk-ms <n>', 'how long rows may be kept at a time (default: 100)', wholeNumber(1, 60_000));
  const dryRun = () => new Option('--dry-run', 'say how many rows would be changed, and change nothing');

  command('plan [table...]', 'where each field stands, what is missing, what comes next')
    .option('--record', 'record that fields which are new hold plain text; before the application declares them')
    .action(action(deferred(async () => (await import('./plan-fields.ts')).planFields)));
  job('backfill <table>', 'encrypt plain columns, up to a phase')
    .option('--field <name>', 'only this field; may be given again', collect)
    .addOption(new Option('--to <phase>', 'how far').choices(BACKFILL_TARGETS).default('backfilled'))
    .addOption(dryRun())
    .action(action(deferred(async () => (await import('./table-jobs.ts')).backfillTable)));
  job('reencrypt <table>', 'seal anew what an older key, another library or a lesser binding has sealed')
    .option('--scope <scope>', 'only rows of this one, such as a tenant')
    .option('--allow-compromised', 'rescue what versions of keys sealed that are compromised')
    .addOption(dryRun())
    .action(action(deferred(async () => (await import('./table-jobs.ts')).reencryptTable)));
  job('verify <table>', 'open everything, compare it with its index and its plain column; changes nothing').action(
    action(deferred(async () => (await import('./table-jobs.ts')).verifyTable)),
  );
  job('rollback <table>', 'write plain text again, and empty the encrypted columns')
    .option('--confirm <table>', 'the table once more')
    .action(action(deferred(async () => (await import('./table-jobs.ts')).rollbackTable)));
  job('rotate-index <scope>', 'give the blind indexes of a scope, such as a tenant, a new key').action(
    action(deferred(async () => (await import('./table-jobs.ts')).rotateIndex)),
  );
}
