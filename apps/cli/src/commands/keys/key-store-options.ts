import type { Command } from 'commander';
import { addRootOptions, type RootOptions } from './root-options.ts';

/** Options that name a key store and its root. */
export interface KeyStoreOptions extends RootOptions {
  readonly keyDir?: string;
  readonly scope?: string;
}

/** Adds the options of a key store. */
export function addKeyStoreOptions(command: Command): void {
  command
    .option('--key-dir <dir>', 'directory of the keys, mode 0700 (default: ENCRYPTION_KEY_PATH)')
    .option('--scope <scope>', 'whose keys, such as a tenant; without it those of nobody in particular');
  addRootOptions(command);
}
