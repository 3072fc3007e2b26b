import type { SettingTexts } from '@bulwark/server';
import { flagName, SETTING_NAMES, type SettingName, settingOf } from '@bulwark/server/settings';
import { type Command, Option } from 'commander';

/** Adds a flag for every setting of the server; with `short`, also the shorter names that the table gives to some. */
export function addSettingOptions(command: Command, { short = false } = {}): void {
  for (const name of SETTING_NAMES) {
    for (const flag of flagsOf(name, short)) command.addOption(option(flag, name));
  }
}

/** The settings among the parsed options, as text; a short flag before its long one. */
export function settingTexts(options: Readonly<Record<string, unknown>>): SettingTexts {
  const texts: Partial<Record<SettingName, string>> = {};
  for (const name of SETTING_NAMES) {
    const given = flagsOf(name, true).map((flag) => options[option(flag, name).attributeName()]);
    const text = given.find((value) => typeof value === 'string');
    if (typeof text === 'string') texts[name] = text;
  }
  return texts;
}

function flagsOf(name: SettingName, short: boolean): string[] {
  const { shortFlag } = settingOf(name);
  return short && shortFlag !== undefined ? [shortFlag, flagName(name)] : [flagName(name)];
}

function option(flag: string, name: SettingName): Option {
  const { help, secret, default: value, derived, shortFlag } = settingOf(name);
  const fallback = value ?? derived;
  const made = new Option(
    `${flag} <${secret ? 'reference' : 'value'}>`,
    `${help}${fallback === undefined ? '' : ` (default: ${fallback})`}`,
  );
  return flag === shortFlag ? made : made.helpGroup('Settings:');
}
