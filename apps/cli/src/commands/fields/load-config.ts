import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FieldsConfig } from '@bulwark/fields/jobs';
import { CliError } from '../../errors.ts';
import { exists } from '../../exists.ts';

const DEFAULT_FILES = ['bulwark.fields.ts', 'bulwark.fields.mjs', 'bulwark.fields.js'];

/** Options of all commands on an application's tables. */
export interface ConfigOptions {
  readonly config?: string;
}

/** Loads an application's own module. @throws CliError usage (none here), configuration (it is not what it must be) */
export async function loadConfig({ config }: ConfigOptions): Promise<FieldsConfig> {
  const path = resolve(config ?? (await defaultFile()));
  if (!(await exists(path))) throw new CliError('configuration', `${path} does not exist`);
  const { default: found } = await importModule(path);
  if (isFieldsConfig(found)) return found;
  const wanted = 'defineFields({ database, tables, keys }) of @bulwark/fields/jobs makes';
  throw new CliError('configuration', `${path} must have as its default export what ${wanted}`);
}

async function defaultFile(): Promise<string> {
  for (const file of DEFAULT_FILES) if (await exists(file)) return file;
  throw new CliError('usage', `there is no ${DEFAULT_FILES.join(', ')} here; name the module: --config FILE`);
}

async function importModule(path: string): Promise<{ readonly default?: unknown }> {
  try {
    return (await import(pathToFileURL(path).href)) as { default?: unknown };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it throws what is no error';
    throw new CliError('configuration', `${path} cannot be loaded: ${why}`, { cause });
  }
}

/** By its mark and not by a class: the application may have another copy of the package than we have. */
function isFieldsConfig(found: unknown): found is FieldsConfig {
  return typeof found === 'object' && found !== null && 'madeBy' in found && found.madeBy === 'defineFields';
}
