import { checkTogether } from './check-together.ts';
import { type Config, camelCase, type GivenConfig } from './config.ts';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { type ConfigFile, readConfigFile } from './config-file.ts';
import { deriveSettings } from './derived-settings.ts';
import { hideSecrets } from './hide-secrets.ts';
import { type Environment, isReference, resolveSecret } from './secret-reference.ts';
import {
  environmentName,
  flagName,
  howToGive,
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
  settingOf,
} from './settings.ts';

/** Values given by setting, as flags give them. */
export type SettingTexts = Readonly<Partial<Record<SettingName, string>>>;

export interface ConfigSources {
  /** YAML file; without one, environment and flags must say everything. */
  file?: string;
  env: Environment;
  flags: SettingTexts;
  /** Other defaults than the table's, for a command that has reason to. */
  defaults?: SettingTexts;
  /** Then a TLS certificate must be named; otherwise the development one is taken. */
  production: boolean;
}

/** What relative paths of flags and environment are relative to; those of the file are relative to the file. */
const WORKING_DIRECTORY = '.';

/** One setting's text and where it was found, or nothing. */
interface Found {
  text: string;
  directory: string;
  source: 'flag' | 'environment' | 'file' | 'default';
}

/**
 * Loads the configuration: flags before environment before file before defaults. An empty value counts as not given.
 *
 * @throws ConfigError with every problem there is, none of which shows a value.
 */
export async function loadConfig(sources: ConfigSources): Promise<Config> {
  const file = sources.file === undefined ? undefined : await readConfigFile(sources.file);
  const problems: ConfigProblem[] = [...(file?.problems ?? [])];
  const given = Object.fromEntries(Object.keys(SETTINGS).map((section) => [section, {}])) as unknown as GivenConfig;

  // Of an unreadable file only that is said: everything in it would seem missing too.
  if (file !== undefined && file.values.size === 0 && problems.length > 0) throw new ConfigError(problems);

  for (const name of SETTING_NAMES) {
    const found = find(name, sources, file);
    const result = await readSetting(name, found, sources.env);
    if ('problem' in result) {
      problems.push({ setting: name, message: result.problem });
    } else {
      const [section, key] = name.split('.') as [keyof GivenConfig, string];
      (given[section] as Record<string, unknown>)[camelCase(key)] = result.value;
    }
  }

  const named = new Set(problems.map(({ setting }) => setting));
  const together = await checkTogether(given, sources.production);
  // What is wrong with one setting alone would here seem missing.
  problems.push(...together.filter(({ setting }) => !named.has(setting)));
  if (problems.length > 0) throw new ConfigError(problems);
  deriveSettings(given);
  return freeze(given as Config);
}

function find(name: SettingName, sources: ConfigSources, file: ConfigFile | undefined): Found | undefined {
  const { flags, env, defaults } = sources;
  const places = [
    { text: flags[name], directory: WORKING_DIRECTORY, source: 'flag' },
    { text: env[environmentName(name)], directory: WORKING_DIRECTORY, source: 'environment' },
    { text: file?.values.get(name), directory: file?.directory ?? WORKING_DIRECTORY, source: 'file' },
    { text: defaults?.[name] ?? settingOf(name).default, directory: WORKING_DIRECTORY, source: 'default' },
  ] as const;
  for (const { text, ...place } of places) {
    if (text !== undefined && text !== '') return { text, ...place };
  }
  return undefined;
}

async function readSetting(
  name: SettingName,
  found: Found | undefined,
  env: Environment,
): Promise<{ value: unknown } | { problem: string }> {
  const { type, required, secret } = settingOf(name);
  if (found === undefined) return required ? { problem: `is missing. ${howToGive(name)}` } : { value: undefined };

  let { text } = found;
  if (secret) {
    if (found.source === 'flag' && !isReference(text)) {
      const reason = 'must not be written into a command line, which every user of the machine can read';
      return { problem: `${reason}. Wanted with ${flagName(name)}: file:PATH or env:NAME` };
    }
    const resolved = await resolveSecret(text, found.directory, env);
    if ('problem' in resolved) return { problem: `${resolved.problem}. ${howToGive(name)}` };
    text = resolved.text;
  }
  const value = type.parse(text, found.directory);
  return value === undefined ? { problem: `is not as wanted. ${howToGive(name)}` } : { value };
}

function freeze(config: Config): Config {
  for (const [section, keys] of Object.entries(SETTINGS)) {
    const values = config[section as keyof Config];
    const secrets = Object.entries(keys).filter(([, setting]) => 'secret' in setting);
    hideSecrets(
      values,
      secrets.map(([key]) => camelCase(key)),
    );
    for (const value of Object.values(values)) if (Array.isArray(value)) Object.freeze(value);
    Object.freeze(values);
  }
  return Object.freeze(config);
}
