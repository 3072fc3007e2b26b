import { ConfigError } from './config-error.ts';
import {
  host,
  httpsOrigin,
  integer,
  key,
  networks,
  oneOf,
  path,
  postgresUrl,
  text,
  type ValueType,
} from './value-types.ts';

/** One setting. Everything else about it (environment name, flag, help, docs, TypeScript type) is computed from this. */
export interface Setting<T = unknown> {
  readonly type: ValueType<T>;
  /** One line for `--help` and the docs. */
  readonly help: string;
  /** As it would be written in the file. */
  readonly default?: string;
  /** In words, for a default computed from other settings (derived-settings.ts). */
  readonly derived?: string;
  /** Has no default and must be given. */
  readonly required?: true;
  /** May be given as a reference, and only as one in a flag: every user of the machine can read a command line. */
  readonly secret?: true;
  /** Command that prints a good value. */
  readonly generate?: string;
  /** Shorter flag of `bulwark up`. */
  readonly shortFlag?: string;
}

const GENERATE_KEYS = 'bulwark keys generate';

/** Every setting of the server, by section and key as in the YAML file. Add freely; renaming one breaks people's files. */
export const SETTINGS = {
  server: {
    port: {
      type: integer(1, 65535),
      default: '8768',
      help: 'TCP port to listen on',
      shortFlag: '--port',
    },
    host: {
      type: host,
      default: '127.0.0.1',
      help: 'address to listen on; 0.0.0.0 or :: to be reached from other machines',
      shortFlag: '--host',
    },
    api_key: {
      // Its bytes are only ever compared, so any long text does.
      type: text(32, 512),
      required: true,
      secret: true,
      generate: GENERATE_KEYS,
      help: 'key with which pre-configured agents enrol',
    },
    db_encryption_key: {
      type: key,
      required: true,
      secret: true,
      generate: GENERATE_KEYS,
      help: 'root key of everything at rest; without it the database cannot be read',
    },
    encryption_key: {
      type: key,
      required: true,
      secret: true,
      generate: GENERATE_KEYS,
      help: 'key from which the payload keys agreed with each agent are derived',
    },
    db_path: {
      type: path,
      derived: 'bulwark.db in the data directory',
      help: 'SQLite database file, unless database.url names a PostgreSQL server',
    },
    web_username: {
      type: text(1, 64),
      help: 'first administrator, created at the first start; without it a one-time link is printed instead',
    },
    web_password: {
      type: text(8, 128),
      secret: true,
      help: 'password of the first administrator, used at the first start only',
    },
    public_url: {
      type: httpsOrigin,
      derived: 'https://localhost:PORT',
      help: 'address at which browsers and agents reach the server',
    },
    data_dir: {
      type: path,
      default: 'data',
      help: 'directory of everything the server writes, mode 0700',
      shortFlag: '--data-dir',
    },
    interval: {
      type: integer(1, 3600),
      default: '10',
      help: 'seconds between two reports of an agent',
    },
    trust_proxy: {
      type: networks,
      derived: 'none',
      help: 'proxies whose X-Forwarded-For is believed',
    },
  },
  ssl: {
    cert_file: {
      type: path,
      derived: 'tls/server.pem in the data directory, a development certificate; none in production',
      help: 'TLS certificate chain, PEM',
    },
    key_file: {
      type: path,
      derived: 'tls/server.key in the data directory; none in production',
      help: "the certificate's private key, PEM, mode 0600",
    },
  },
  database: {
    url: {
      type: postgresUrl,
      derived: 'the SQLite file of server.db_path',
      secret: true,
      help: 'PostgreSQL database, needed for several server processes',
    },
  },
  log: {
    level: {
      type: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace']),
      default: 'info',
      help: 'least severe log lines to write',
    },
  },
  session: {
    idle_minutes: {
      type: integer(5, 43_200),
      default: '480',
      help: 'minutes after which an unused session ends',
    },
    absolute_hours: {
      type: integer(1, 720),
      default: '24',
      help: 'hours after which every session ends',
    },
  },
  limits: {
    sign_in_per_minute: {
      type: integer(1, 1000),
      default: '5',
      help: 'sign-in attempts a minute from one address',
    },
  },
} as const satisfies Record<string, Record<string, Setting>>;

type Settings = typeof SETTINGS;

/** `section.key`, as problems and docs name it. */
export type SettingName = {
  [Section in keyof Settings]: `${Section}.${keyof Settings[Section] & string}`;
}[keyof Settings];

/** The names of all settings, in the order of the table. */
export const SETTING_NAMES = Object.entries(SETTINGS).flatMap(([section, keys]) =>
  Object.keys(keys).map((key) => `${section}.${key}`),
) as SettingName[];

export function settingOf(name: SettingName): Setting {
  const [section, key] = name.split('.') as [keyof Settings, string];
  return (SETTINGS[section] as Record<string, Setting>)[key] as Setting;
}

/** `server.db_path` → `BULWARK_SERVER_DB_PATH`. */
export function environmentName(name: SettingName): string {
  return `BULWARK_${name.replace('.', '_').toUpperCase()}`;
}

/** `server.db_path` → `--server-db-path`. */
export function flagName(name: SettingName): string {
  return `--${name.replace(/[._]/g, '-')}`;
}

/** The wanted form, how to get a value, and the three places where it can be given. */
export function howToGive(name: SettingName): string {
  const { type, generate } = settingOf(name);
  const generated = generate === undefined ? '' : ` (${generate})`;
  return `Wanted: ${type.wanted}${generated}, as ${name} in the file, ${environmentName(name)} or ${flagName(name)}`;
}

/**
 * Checks texts before anything is done with them. Secrets are left to loadConfig, which follows their references.
 *
 * @throws ConfigError naming all that are not as wanted.
 */
export function checkSettingTexts(texts: Readonly<Partial<Record<SettingName, string>>>): void {
  const problems = (Object.entries(texts) as [SettingName, string][])
    .filter(([name, value]) => !settingOf(name).secret && settingOf(name).type.parse(value, '.') === undefined)
    .map(([setting]) => ({ setting, message: `is not as wanted. ${howToGive(setting)}` }));
  if (problems.length > 0) throw new ConfigError(problems);
}
