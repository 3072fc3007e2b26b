import { dirname, resolve } from 'node:path';
import { readPrivateFile, UnsafeFileError } from '@bulwark/private-files';
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLMap } from 'yaml';
import type { ConfigProblem } from './config-error.ts';
import { nearestName } from './nearest-name.ts';
import { SETTING_NAMES, SETTINGS, type SettingName } from './settings.ts';

/** What a configuration file says, as text by setting; or what is wrong with it. */
export interface ConfigFile {
  readonly values: ReadonlyMap<SettingName, string>;
  readonly problems: readonly ConfigProblem[];
  /** Relative paths in the file are relative to its own directory, so that the directory can be moved. */
  readonly directory: string;
}

/** A configuration is a page; this only keeps a wrong path from being read whole. */
const FILE_BYTES_MAX = 1 << 20;

/** Reads the YAML file. Nothing of its content gets into a problem except names of keys. */
export async function readConfigFile(file: string): Promise<ConfigFile> {
  const directory = dirname(resolve(file));
  try {
    const bytes = await readPrivateFile(file);
    if (bytes.length > FILE_BYTES_MAX) {
      return { values: new Map(), problems: [{ setting: file, message: 'is larger than 1 MiB' }], directory };
    }
    return { ...parseConfigFile(file, bytes.toString('utf8')), directory };
  } catch (error) {
    if (!(error instanceof UnsafeFileError)) throw error;
    const problem = { setting: error.path, message: error.message.slice(error.path.length + 1) };
    return { values: new Map(), problems: [problem], directory };
  }
}

function parseConfigFile(file: string, source: string): Omit<ConfigFile, 'directory'> {
  const values = new Map<SettingName, string>();
  const problems: ConfigProblem[] = [];
  // failsafe: every scalar stays text, so that a key of digits only is not read as a number. Pretty errors quote
  // the line they are about, which may hold a key.
  const lines = new LineCounter();
  const document = parseDocument(source, { schema: 'failsafe', prettyErrors: false, lineCounter: lines });
  for (const error of document.errors) {
    const { line, col } = lines.linePos(error.pos[0]);
    problems.push({ setting: file, message: `line ${line}, column ${col} is not YAML (${error.code})` });
  }
  if (problems.length > 0 || document.contents === null) return { values, problems };
  if (!isMap(document.contents)) {
    return {
      values,
      problems: [{ setting: file, message: `must hold sections: ${Object.keys(SETTINGS).join(', ')}` }],
    };
  }

  for (const [section, content] of entries(document.contents)) {
    if (!Object.hasOwn(SETTINGS, section)) {
      problems.push(unknown(section, Object.keys(SETTINGS), 'is not a section'));
    } else if (isMap(content)) {
      for (const [key, value] of entries(content)) {
        const name = SETTING_NAMES.find((known) => known === `${section}.${key}`);
        const text = textOf(value);
        if (name === undefined) problems.push(unknown(`${section}.${key}`, SETTING_NAMES, 'is not a setting'));
        else if (text === undefined) problems.push({ setting: name, message: `in ${file} must be a single value` });
        else values.set(name, text);
      }
    } else if (textOf(content) !== '') {
      problems.push({ setting: section, message: `in ${file} must be a section with settings below it` });
    }
  }
  return { values, problems };
}

function entries(map: YAMLMap): [string, unknown][] {
  return map.items.map(({ key, value }) => [isScalar(key) ? String(key.value) : '', value]);
}

/** A list is one text with commas, as it would be in a flag. */
function textOf(node: unknown): string | undefined {
  if (node === null) return '';
  if (isScalar(node)) return String(node.value).trim();
  if (!isSeq(node)) return undefined;
  const items = node.items.map(textOf);
  return items.includes(undefined) ? undefined : items.join(',');
}

function unknown(name: string, known: readonly string[], what: string): ConfigProblem {
  const nearest = nearestName(name, known);
  return { setting: name, message: `${what}${nearest === undefined ? '' : `; did you mean ${nearest}?`}` };
}
