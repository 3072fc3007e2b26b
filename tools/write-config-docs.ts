import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  environmentName,
  flagName,
  SETTING_NAMES,
  SETTINGS,
  type Setting,
  type SettingName,
  settingOf,
} from '@bulwark/server/settings';

// Writes docs/configuration.md from the table of settings; with --check, fails when the file is not as it would write it.
const FILE = join(import.meta.dirname, '..', 'docs', 'configuration.md');

const INTRODUCTION = `<!-- Written by tools/write-config-docs.ts from apps/server/src/config/settings.ts; do not edit. -->

# Configuration of the server

Every setting can be given in three ways; a flag beats the environment, which beats the file, which beats the default. An
empty value counts as not given. All problems are reported together, and the server does not start with one.

The file is YAML, named with \`bulwark server --config FILE\`. Its mode must be 0600. Relative paths in it are relative to the
file; in flags and environment, to the working directory.

\`\`\`yaml
server:
  port: 8768
  host: 0.0.0.0
  api_key: "…"            # bulwark keys generate prints all three
  db_encryption_key: "…"
  db_path: /var/lib/bulwark/bulwark.db
  encryption_key: file:/etc/bulwark/keys/encryption.key
  web_username: admin
  web_password: env:BULWARK_FIRST_PASSWORD
ssl:
  cert_file: /etc/bulwark/tls/server.pem
  key_file: /etc/bulwark/tls/server.key
\`\`\`

**Secrets** (marked ●) may be references: \`env:NAME\` is an environment variable, \`file:PATH\` a file of mode 0600. A flag
takes only a reference, since every user of the machine can read a command line. The three keys must differ from each other.

**Production** (\`NODE_ENV=production\`): nothing is made up. Keys and certificate must be given.
`;

function row(name: SettingName): string {
  const setting = settingOf(name);
  const cells = [
    `\`${name}\`${setting.secret ? ' ●' : ''}`,
    `${capitalise(setting.help)}. ${capitalise(setting.type.wanted)}${generated(setting)}.`,
    defaultOf(setting),
    `\`${environmentName(name)}\` \`${flagName(name)}\``,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function defaultOf({ default: value, derived, required }: Setting): string {
  if (required) return '**required**';
  return value === undefined ? (derived ?? '') : `\`${value}\``;
}

function generated({ generate }: Setting): string {
  return generate === undefined ? '' : ` (\`${generate}\`)`;
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function document(): string {
  const sections = Object.keys(SETTINGS).map((section) => {
    const names = SETTING_NAMES.filter((name) => name.startsWith(`${section}.`));
    const head = '| Setting | What it is | Default | Environment and flag |\n|--|--|--|--|';
    return `\n## ${section}\n\n${head}\n${names.map(row).join('\n')}\n`;
  });
  return INTRODUCTION + sections.join('');
}

const wanted = document();
if (process.argv.includes('--check')) {
  if ((await readFile(FILE, 'utf8').catch(() => '')) !== wanted) {
    console.error('docs/configuration.md is not current; run: node tools/write-config-docs.ts');
    process.exitCode = 1;
  }
} else {
  await writeFile(FILE, wanted);
}
