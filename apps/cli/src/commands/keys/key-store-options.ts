import { type Command, Option } from 'commander';
import { addRootOptions, type RootOptions } from './root-options.ts';

/** Options that name a key store and its root. */
export interface KeyStoreOptions extends RootOptions {
  readonly keyDir?: string;
  readonly scope?: string;
}

/** `--key-dir` */
export function keyDirOption(): Option {
  return new Option('--key-dir <dir>', 'directory of the keys, mode 0700 (default: ENCRYPTION_KEY_PATH)');
}

/** Adds the options of a key store. */
export function addKeyStoreOptions(command: Command): void {
  command
    .addOption(keyDirOption())
    .option('--scope <scope>', 'whose keys, such as a tenant; without it those of nobody in particular');
  addRootOptions(command);
}
