import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { BULWARK, bulwark, jsonLines } from '../testing/run-bulwark.ts';
import { EXIT_CODES, type Outcome } from './exit-codes.ts';
import { runCli } from './run-cli.ts';

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulwark-cli-'));
  await writeFile(join(directory, 'empty.yaml'), '', { mode: 0o600 });
  await writeFile(join(directory, 'wide.yaml'), 'server: { api_key: canary-of-a-key }');
  await chmod(join(directory, 'wide.yaml'), 0o644);
});
after(() => rm(directory, { recursive: true }));

const at = (name: string) => join(directory, name);

interface Case {
  name: string;
  args: () => string[];
  env?: Record<string, string>;
  outcome: Outcome;
  says: RegExp;
}

const FAILING: Case[] = [
  { name: 'no command', args: () => [], outcome: 'usage', says: /which command/ },
  { name: 'an unknown command', args: () => ['serve'], outcome: 'usage', says: /unknown command 'serve'/ },
  { name: 'an unknown option', args: () => ['up', '--prot', '1'], outcome: 'usage', says: /--prot.*--port/ },
  { name: 'an option without its value', args: () => ['server', '--config'], outcome: 'usage', says: /--config/ },
  {
    name: 'enrolling with nothing',
    args: () => ['agent', 'enroll', '--state-dir', at('a')],
    outcome: 'usage',
    says: /TOKEN/,
  },
  {
    name: 'an empty token file',
    args: () => ['agent', 'enroll', '--state-dir', at('a'), '--token-file', '-'],
    outcome: 'usage',
    says: /empty/,
  },
  {
    name: 'a server without keys',
    args: () => ['server', '--config', at('empty.yaml')],
    outcome: 'configuration',
    says: /server\.api_key is missing.*bulwark keys generate/,
  },
  {
    name: 'a configuration that others can read',
    args: () => ['server', '--config', at('wide.yaml')],
    outcome: 'configuration',
    says: /chmod 600 \S+wide\.yaml/,
  },
  {
    name: 'a key in a flag',
    args: () => ['server', '--server-encryption-key', 'canary-of-a-key'],
    outcome: 'configuration',
    says: /command line/,
  },
  {
    name: 'a port out of range',
    args: () => ['up', '--data-dir', at('up'), '--port', '70000'],
    outcome: 'configuration',
    says: /server\.port is not as wanted. Wanted: a whole number/,
  },
  {
    name: '`up` in production',
    args: () => ['up', '--data-dir', at('no')],
    env: { NODE_ENV: 'production' },
    outcome: 'configuration',
    says: /bulwark server --config FILE/,
  },
  {
    name: 'a data directory that is a file',
    args: () => ['up', '--data-dir', at('empty.yaml')],
    outcome: 'configuration',
    says: /empty\.yaml is not a directory/,
  },
];

describe('a failing command says why in a line and by its exit code:', () => {
  for (const { name, args, env, outcome, says } of FAILING) {
    test(name, async () => {
      const result = await runHere(args(), env);
      assert.equal(result.outcome, outcome, result.stderr);
      assert.match(result.stderr, says);
      assert.equal(result.stdout, '');
      assert.doesNotMatch(result.stderr, /canary| at .*:\d+:\d+/, 'shows a secret or a stack');
      for (const line of result.stderr.trimEnd().split('\n')) assert.match(line, /^bulwark: /);
    });

    test(`${name}, with --json`, async () => {
      const { code, stdout, stderr } = await bulwark(['--json', ...args()], env);
      assert.equal(code, EXIT_CODES[outcome].code);
      assert.equal(stderr, '');
      const [event, ...more] = jsonLines(stdout);
      assert.deepEqual(more, []);
      assert.deepEqual([event?.event, event?.outcome], ['error', outcome]);
      assert.match(String(event?.message), says);
      assert.doesNotMatch(stdout, /canary/);
    });
  }
});

/** Runs a command line in this process, which is faster than in one of its own. */
async function runHere(args: readonly string[], env: Record<string, string> = {}) {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written) =>
    new Writable({
      write(chunk, _encoding, done) {
        written[name] += chunk;
        done();
      },
    });
  const outcome = await runCli(args, {
    env,
    stdin: Readable.from([]),
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    stopSignal: () => AbortSignal.abort(),
    onStop: () => () => {},
    parentGone: () => AbortSignal.abort(),
  });
  return { outcome, ...written };
}

test('all problems of a configuration are listed, a line each', async () => {
  const { stderr } = await bulwark(['server'], { NODE_ENV: 'production', BULWARK_SERVER_PORT: 'x' });
  assert.deepEqual(
    stderr
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[1]),
    [
      'server.port',
      'server.api_key',
      'server.db_encryption_key',
      'server.encryption_key',
      'ssl.cert_file',
      'ssl.key_file',
    ],
  );
});

test('--debug adds the stack', async () => {
  const { stderr } = await bulwark(['server', '--config', at('empty.yaml'), '--debug']);
  assert.match(stderr, /\n {4}at .*load-config\.ts/);
});

describe('help is on standard output, for', () => {
  const keys =
    'generate create list show rotate rotate-expired retire compromise destroy receipt-key verify-receipt export import rewrap doctor';
  const files = 'encrypt decrypt inspect verify keygen';
  const fields = 'plan backfill reencrypt verify rollback rotate-index';
  const commands = [
    ...['', 'up', 'server', 'agent', 'agent enroll', 'agent run', 'doctor'],
    ...['keys', ...keys.split(' ').map((name) => `keys ${name}`)],
    ...['files', ...files.split(' ').map((name) => `files ${name}`)],
    ...['fields', ...fields.split(' ').map((name) => `fields ${name}`)],
  ];
  for (const command of commands) {
    test(command === '' ? 'bulwark' : command, async () => {
      const { outcome, stdout, stderr } = await runHere([...command.split(' ').filter(Boolean), '--help']);
      assert.equal(outcome, 'ok');
      assert.equal(stderr, '');
      assert.match(stdout, new RegExp(`^Usage: bulwark ${command}`));
      assert.match(stdout, /--json/);
    });
  }
});

test('--version prints the version of the package', async () => {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
  const { code, stdout, stderr } = await bulwark(['--version']);
  assert.deepEqual([code, stdout, stderr], [0, `${version}\n`, '']);
});

test('keys generate prints three different keys with which a server starts checking the rest', async () => {
  const { code, stdout } = await bulwark(['keys', 'generate']);
  assert.equal(code, 0);
  assert.match(stdout, /^server:\n {2}api_key: \S{44}\n {2}db_encryption_key: \S{44}\n {2}encryption_key: \S{44}\n$/);
  assert.equal(new Set(stdout.match(/\S{44}/g)).size, 3);
  const file = at('generated.yaml');
  await writeFile(file, stdout, { mode: 0o600 });
  const { stderr } = await bulwark(['server', '--config', file], { NODE_ENV: 'production' });
  assert.deepEqual(
    stderr.match(/ssl\.\w+/g)?.filter((name, i, all) => all.indexOf(name) === i),
    ['ssl.cert_file', 'ssl.key_file'],
  );
  assert.doesNotMatch(stderr, /encryption_key/);
});

test('keys generate --json is one line', async () => {
  const [line, ...more] = jsonLines((await bulwark(['keys', 'generate', '--json'])).stdout);
  assert.deepEqual(more, []);
  assert.deepEqual(Object.keys(line?.server as object), ['api_key', 'db_encryption_key', 'encryption_key']);
});

test('doctor exits with 4 on an installation that is not one', async () => {
  const { code, stdout } = await bulwark(['doctor', '--data-dir', at('nowhere'), '--json']);
  assert.equal(code, EXIT_CODES.checksFailed.code);
  const events = jsonLines(stdout);
  assert.deepEqual(
    events.map(({ event, state }) => [event, state]),
    [
      ['check', 'failed'],
      ['summary', undefined],
    ],
  );
  assert.equal(events[1]?.failed, 1);
});

test('the exit codes are those of docs/cli.md', async () => {
  const docs = await readFile(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
  for (const [name, { code, meaning }] of Object.entries(EXIT_CODES)) {
    assert.ok(docs.includes(`| ${code} | ${name} | ${meaning} |`), `docs/cli.md misses ${name}`);
  }
});

test('the launcher runs itself on the installed Node when started by an older one, and passes the exit code on', async () => {
  const pretendOld = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } });`;
  const args = [`--import=data:text/javascript,${encodeURIComponent(pretendOld)}`, BULWARK, 'up', '--nope', '--json'];
  const failure = await promisify(execFile)(process.execPath, args).catch((error: unknown) => error);
  const { code, stdout } = failure as { code: number; stdout: string };
  assert.equal(code, EXIT_CODES.usage.code);
  assert.equal(jsonLines(stdout).length, 1);
});
