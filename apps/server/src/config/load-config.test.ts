import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { inspect } from 'node:util';
import type { Config } from './config.ts';
import { ConfigError } from './config-error.ts';
import { type ConfigSources, loadConfig } from './load-config.ts';
import { environmentName, flagName, SETTING_NAMES } from './settings.ts';

/** Different valid keys of each accepted form. */
const API_KEY = Buffer.alloc(32, 1).toString('base64');
const DB_KEY = Buffer.alloc(32, 2).toString('hex');
const PAYLOAD_KEY = Buffer.alloc(32, 0xfb).toString('base64url');

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulwark-config-'));
  for (const name of ['server.crt', 'server.key', 'db.key']) {
    await writeFile(join(directory, name), `${DB_KEY}\n`, { mode: 0o600 });
  }
});
after(() => rm(directory, { recursive: true }));

let files = 0;
async function yaml(text: string, mode = 0o600): Promise<string> {
  const path = join(directory, `config-${++files}.yaml`);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

const KEYS = {
  BULWARK_SERVER_API_KEY: API_KEY,
  BULWARK_SERVER_DB_ENCRYPTION_KEY: DB_KEY,
  BULWARK_SERVER_ENCRYPTION_KEY: PAYLOAD_KEY,
};

/** Loads with valid keys in the environment, in development. */
function load(sources: Partial<ConfigSources> = {}): Promise<Config> {
  return loadConfig({ flags: {}, production: false, ...sources, env: { ...KEYS, ...sources.env } });
}

async function problemsOf(loading: Promise<Config>): Promise<ConfigError> {
  const result = await loading.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(result instanceof ConfigError, `expected a ConfigError, got ${result}`);
  return result;
}

/** Every setting that the file format of the first release names, and nothing else. */
const WHOLE_FILE = `
server:
  port: 8768
  host: "0.0.0.0"
  api_key: "${API_KEY}"
  db_encryption_key: "${DB_KEY}"
  db_path: data/fleet.db
  encryption_key: ${PAYLOAD_KEY}
  web_username: admin
  web_password: "correct horse battery"
ssl:
  cert_file: server.crt
  key_file: server.key
`;

test('a whole file is read, with paths relative to it, also in production', async () => {
  const file = await yaml(WHOLE_FILE);
  const config = await loadConfig({ file, env: {}, flags: {}, production: true });
  assert.equal(config.server.port, 8768);
  assert.equal(config.server.host, '0.0.0.0');
  assert.equal(config.server.apiKey, API_KEY);
  assert.deepEqual(config.server.dbEncryptionKey, Buffer.alloc(32, 2));
  assert.deepEqual(config.server.encryptionKey, Buffer.alloc(32, 0xfb));
  assert.equal(config.server.dbPath, join(directory, 'data/fleet.db'));
  assert.equal(config.server.webUsername, 'admin');
  assert.equal(config.server.webPassword, 'correct horse battery');
  assert.deepEqual(
    { ...config.ssl },
    { certFile: join(directory, 'server.crt'), keyFile: join(directory, 'server.key') },
  );
  assert.equal(config.database.url, config.server.dbPath);
});

test('keys alone are enough in development; all else has a default', async () => {
  const config = await load();
  assert.equal(config.server.publicUrl, 'https://localhost:8768');
  assert.equal(config.server.dataDir, join(process.cwd(), 'data'));
  assert.equal(config.database.url, join(process.cwd(), 'data', 'bulwark.db'));
  assert.equal(config.ssl.certFile, join(process.cwd(), 'data', 'tls', 'server.pem'));
  assert.equal(config.server.interval, 10);
  assert.deepEqual(config.server.trustProxy, []);
  assert.equal(config.limits.signInPerMinute, 5);
  assert.equal(config.log.level, 'info');
  assert.equal(config.server.webUsername, undefined);
});

test('a flag beats the environment, which beats the file, which beats a default', async () => {
  const file = await yaml('server: { port: 1000, host: 10.0.0.1, interval: 20 }\nlog: { level: error }\n');
  const config = await load({
    file,
    env: { BULWARK_SERVER_PORT: '2000', BULWARK_SERVER_HOST: '10.0.0.2' },
    flags: { 'server.port': '3000' },
    defaults: { 'log.level': 'warn', 'server.interval': '30', 'session.idle_minutes': '60' },
  });
  assert.equal(config.server.port, 3000);
  assert.equal(config.server.publicUrl, 'https://localhost:3000');
  assert.equal(config.server.host, '10.0.0.2');
  assert.equal(config.server.interval, 20);
  assert.equal(config.log.level, 'error');
  assert.equal(config.session.idleMinutes, 60);
});

test('every setting can be given by environment and by flag', () => {
  const names = SETTING_NAMES.map((name) => [environmentName(name), flagName(name)]);
  assert.equal(new Set(names.flat()).size, 2 * SETTING_NAMES.length);
  assert.deepEqual(names[3], ['BULWARK_SERVER_DB_ENCRYPTION_KEY', '--server-db-encryption-key']);
});

test('an empty value counts as not given', async () => {
  const file = await yaml('server:\n  web_username:\n  web_password: ""\nssl: {}\nlog:\n');
  const config = await load({ file, env: { BULWARK_LOG_LEVEL: '' } });
  assert.equal(config.server.webUsername, undefined);
  assert.equal(config.log.level, 'info');
});

describe('a list of proxies is read', () => {
  const wanted = ['10.0.0.0/8', '::1'];
  test('from YAML', async () => {
    const file = await yaml('server:\n  trust_proxy:\n    - 10.0.0.0/8\n    - ::1\n');
    assert.deepEqual((await load({ file })).server.trustProxy, wanted);
  });
  test('from text with commas', async () =>
    assert.deepEqual((await load({ flags: { 'server.trust_proxy': '10.0.0.0/8, ::1' } })).server.trustProxy, wanted));
});

describe('a secret may be', () => {
  test('a reference to the environment', async () => {
    const env = { BULWARK_SERVER_DB_ENCRYPTION_KEY: 'env:MY_KEY', MY_KEY: DB_KEY };
    assert.deepEqual((await load({ env })).server.dbEncryptionKey, Buffer.alloc(32, 2));
  });
  test('a reference to a file, relative to the configuration, with a line end', async () => {
    const file = await yaml('server: { db_encryption_key: "file:db.key" }');
    const env = { BULWARK_SERVER_DB_ENCRYPTION_KEY: '' };
    assert.deepEqual((await load({ file, env })).server.dbEncryptionKey, Buffer.alloc(32, 2));
  });
  test('a reference in a flag', async () => {
    const flags = { 'server.db_encryption_key': `file:${join(directory, 'db.key')}` };
    assert.deepEqual((await load({ flags })).server.dbEncryptionKey, Buffer.alloc(32, 2));
  });
});

test('a key of digits only stays text, as YAML would read it as a number', async () => {
  const file = await yaml(`server: { db_encryption_key: ${'12'.repeat(32)} }`);
  const config = await load({ file, env: { BULWARK_SERVER_DB_ENCRYPTION_KEY: '' } });
  assert.deepEqual(config.server.dbEncryptionKey, Buffer.alloc(32, 0x12));
});

test('the configuration is frozen and shows no secret when it is printed', async () => {
  const config = await load({
    env: { BULWARK_SERVER_WEB_USERNAME: 'ada', BULWARK_SERVER_WEB_PASSWORD: 'correct horse battery' },
  });
  assert.throws(() => Object.assign(config.server, { port: 1 }), TypeError);
  assert.throws(() => (config.server.trustProxy as string[]).push('::/1'), TypeError);
  for (const printed of [JSON.stringify(config), inspect(config, { depth: 9 })]) {
    assertNoSecret(printed);
    assert.doesNotMatch(printed, /correct horse|"data":|<Buffer/);
    assert.match(printed, /\[secret\]/);
  }
});

describe('one wrong setting is named with the wanted form:', () => {
  const cases: { name: string; env: Record<string, string>; setting: string; says: RegExp }[] = [
    { name: 'port 0', env: { BULWARK_SERVER_PORT: '0' }, setting: 'server.port', says: /whole number from 1 to 65535/ },
    {
      name: 'port 8768x',
      env: { BULWARK_SERVER_PORT: '8768x' },
      setting: 'server.port',
      says: /BULWARK_SERVER_PORT or --server-port/,
    },
    { name: 'port 1e3', env: { BULWARK_SERVER_PORT: '1e3' }, setting: 'server.port', says: /whole number/ },
    { name: 'host 300.1.1.1', env: { BULWARK_SERVER_HOST: '300.1.1.1' }, setting: 'server.host', says: /IP address/ },
    {
      name: 'public URL without TLS',
      env: { BULWARK_SERVER_PUBLIC_URL: 'http://a.example' },
      setting: 'server.public_url',
      says: /https:/,
    },
    {
      name: 'public URL with a path',
      env: { BULWARK_SERVER_PUBLIC_URL: 'https://a.example/b' },
      setting: 'server.public_url',
      says: /without a path/,
    },
    {
      name: 'proxy of all',
      env: { BULWARK_SERVER_TRUST_PROXY: '0.0.0.0/0' },
      setting: 'server.trust_proxy',
      says: /10\.0\.0\.0\/8/,
    },
    { name: 'log level loud', env: { BULWARK_LOG_LEVEL: 'loud' }, setting: 'log.level', says: /one of fatal, error/ },
    { name: 'MySQL', env: { BULWARK_DATABASE_URL: 'mysql://a/b' }, setting: 'database.url', says: /postgres:\/\// },
    {
      name: 'short API key',
      env: { BULWARK_SERVER_API_KEY: 'x'.repeat(31) },
      setting: 'server.api_key',
      says: /32 to 512.*bulwark keys generate/,
    },
    {
      name: 'short password',
      env: { BULWARK_SERVER_WEB_USERNAME: 'ada', BULWARK_SERVER_WEB_PASSWORD: 'short' },
      setting: 'server.web_password',
      says: /8 to 128/,
    },
    {
      name: 'half an administrator',
      env: { BULWARK_SERVER_WEB_USERNAME: 'ada' },
      setting: 'server.web_password',
      says: /give both or none/,
    },
    {
      name: 'half a certificate',
      env: { BULWARK_SSL_CERT_FILE: '/dev/null' },
      setting: 'ssl.key_file',
      says: /other file of the pair/,
    },
    {
      name: 'a reference to nothing',
      env: { BULWARK_SERVER_ENCRYPTION_KEY: 'env:NOT_SET' },
      setting: 'server.encryption_key',
      says: /NOT_SET, which is not set.*bulwark keys generate/,
    },
    {
      name: 'a reference to no file',
      env: { BULWARK_SERVER_ENCRYPTION_KEY: 'file:/nowhere/key' },
      setting: 'server.encryption_key',
      says: /\/nowhere\/key does not exist/,
    },
  ];
  for (const { name, env, setting, says } of cases) {
    test(name, async () => {
      const { problems } = await problemsOf(load({ env }));
      assert.deepEqual(
        problems.map((problem) => problem.setting),
        [setting],
      );
      assert.match(problems[0]?.message ?? '', says);
    });
  }
});

describe('a malformed key is refused without showing it:', () => {
  const cases = {
    'too short': Buffer.alloc(31, 7).toString('base64'),
    'too long': Buffer.alloc(33, 7).toString('base64'),
    'cut by one character': DB_KEY.slice(1),
    'not canonical: unused bits set': `${Buffer.alloc(32, 7).toString('base64').slice(0, 42)}d=`,
    'blanks inside': `${DB_KEY.slice(0, 32)} ${DB_KEY.slice(32)}`,
    'a passphrase': 'correct horse battery staple, twice',
  };
  for (const [name, value] of Object.entries(cases)) {
    test(name, async () => {
      const error = await problemsOf(load({ env: { BULWARK_SERVER_DB_ENCRYPTION_KEY: value } }));
      assert.equal(error.problems[0]?.setting, 'server.db_encryption_key');
      assert.match(error.message, /32 bytes as base64 .*bulwark keys generate.*BULWARK_SERVER_DB_ENCRYPTION_KEY/);
      assert.ok(!error.message.includes(value));
    });
  }
});

test('keys that are equal are named in pairs, also in different encodings', async () => {
  const same = Buffer.alloc(32, 9);
  const env = {
    BULWARK_SERVER_API_KEY: same.toString('base64url'),
    BULWARK_SERVER_DB_ENCRYPTION_KEY: same.toString('hex'),
    BULWARK_SERVER_ENCRYPTION_KEY: same.toString('base64'),
  };
  const error = await problemsOf(load({ env }));
  assert.deepEqual(
    error.problems.map(({ setting, message }) => `${setting} ${message.split(' are ')[0]}`),
    [
      'server.api_key and server.db_encryption_key',
      'server.api_key and server.encryption_key',
      'server.db_encryption_key and server.encryption_key',
    ],
  );
});

test('all problems are reported together, and none shows a value', async () => {
  const file = await yaml(`
server:
  prot: 8768
  port: canary-port
  api_key: canary-short
  db_encryption_key: canary-key
  web_password: canary
slack:
  token: canary-token
log: canary-log
`);
  const env = { BULWARK_SESSION_IDLE_MINUTES: 'canary-idle' };
  const flags = { 'server.encryption_key': 'canary-flag', 'limits.sign_in_per_minute': '0' };
  const error = await problemsOf(loadConfig({ file, env, flags, production: true }));
  assert.deepEqual(
    error.problems.map(({ setting }) => setting),
    [
      'server.prot',
      'slack',
      'log',
      'server.port',
      'server.api_key',
      'server.db_encryption_key',
      'server.encryption_key',
      'server.web_password',
      'session.idle_minutes',
      'limits.sign_in_per_minute',
      'ssl.cert_file',
      'ssl.key_file',
    ],
  );
  assert.match(error.message, /server\.prot is not a setting; did you mean server\.port\?/);
  assert.match(error.message, /server\.encryption_key must not be written into a command line/);
  assert.doesNotMatch(error.message, /canary/);
});

test('in production, missing keys and a missing certificate are all named', async () => {
  const error = await problemsOf(loadConfig({ env: {}, flags: {}, production: true }));
  assert.deepEqual(
    error.problems.map(({ setting }) => setting),
    ['server.api_key', 'server.db_encryption_key', 'server.encryption_key', 'ssl.cert_file', 'ssl.key_file'],
  );
  for (const { message } of error.problems.slice(0, 3)) assert.match(message, /is missing.*bulwark keys generate/);
});

describe('a configuration file is refused', () => {
  const cases: { name: string; file: () => Promise<string> | string; says: RegExp }[] = [
    { name: 'that is missing', file: () => join(directory, 'none.yaml'), says: /none\.yaml does not exist/ },
    { name: 'of mode 0644', file: () => yaml(WHOLE_FILE, 0o644), says: /wider than 0600; run: chmod 600 \S+\.yaml$/ },
    { name: 'of mode 0640', file: () => yaml(WHOLE_FILE, 0o640), says: /wider than 0600/ },
    {
      name: 'that is a directory',
      file: () => mkdir(join(directory, 'd.yaml')).then(() => join(directory, 'd.yaml')),
      says: /not a regular file/,
    },
    { name: 'that is a list', file: () => yaml('- a\n'), says: /must hold sections: server, ssl/ },
    {
      name: 'that is not YAML',
      file: () => yaml(`server:\n  api_key: "${API_KEY}\n  port: [`),
      says: /line \d+, column \d+ is not YAML/,
    },
    {
      name: 'that names a key twice',
      file: () => yaml(`server:\n  api_key: ${API_KEY}\n  api_key: ${API_KEY}\n`),
      says: /line 3, column 3 is not YAML \(DUPLICATE_KEY\)/,
    },
    {
      name: 'with a map for a value',
      file: () => yaml('server: { port: { a: 1 } }'),
      says: /server\.port in .* must be a single value/,
    },
  ];
  for (const { name, file, says } of cases) {
    test(name, async () => {
      const error = await problemsOf(load({ file: await file() }));
      assert.equal(error.problems.length, 1);
      assert.match(error.message, says);
      assertNoSecret(error.message);
    });
  }
});

test('a key file that others can read is refused with the command that mends it', async () => {
  const path = join(directory, 'wide.key');
  await writeFile(path, DB_KEY);
  await chmod(path, 0o644);
  const error = await problemsOf(load({ env: { BULWARK_SERVER_DB_ENCRYPTION_KEY: `file:${path}` } }));
  assert.match(error.message, /chmod 600 .*wide\.key/);
});

function assertNoSecret(text: string): void {
  for (const secret of [API_KEY, DB_KEY, PAYLOAD_KEY]) assert.ok(!text.includes(secret), 'shows a secret');
}
