import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../../../../testing/free-port.ts';
import { type TempDir, tempDir } from '../../../../testing/temp-dir.ts';
import { bulwark, type Started, startBulwark } from '../../testing/run-bulwark.ts';

describe('an agent on its own', () => {
  let directory: TempDir;
  let dataDir: string;
  let server: Started;
  let url: string;
  const key = async (name: string) => (await readFile(join(dataDir, 'keys', `${name}.key`), 'utf8')).trim();
  const inDirectory = (name: string) => join(directory.path, name);
  before(async () => {
    directory = await tempDir();
    dataDir = inDirectory('data');
    const port = String(await freePort());
    server = startBulwark(['up', '--data-dir', dataDir, '--port', port, '--no-agent', '--json']);
    url = String((await server.event('started')).url);
  });
  after(async () => {
    server.process.kill('SIGTERM');
    await server.finished;
    await directory.remove();
  });

  async function writeConfig(name: string, changes: Record<string, unknown> = {}): Promise<string> {
    const pair = { api_key: await key('api'), encryption_key: await key('encryption') };
    const content = { server_url: url, ...pair, verify_ssl: true, interval: 1, ...changes };
    await writeFile(inDirectory(name), JSON.stringify(content), { mode: 0o600 });
    return inDirectory(name);
  }

  test('enrols and reports with a file of exactly the five settings, then needs neither key of it', async () => {
    const config = await writeConfig('five.json');
    const args = ['agent', 'run', '--config', config, '--state-dir', inDirectory('five'), '--json'];
    const first = startBulwark(args);
    await first.event('enrolled');
    await first.event('report');
    first.process.kill('SIGTERM');
    assert.equal((await first.finished).code, 0);

    await writeConfig('five.json', { api_key: undefined, encryption_key: undefined });
    const second = startBulwark(args);
    await second.event('report');
    second.process.kill('SIGTERM');
    const { code, stdout } = await second.finished;
    assert.equal(code, 0);
    assert.ok(!stdout.includes('enrolled'));
  });

  test('does not say a word to a server that cannot prove the encryption key', async () => {
    const config = await writeConfig('stranger.json', { encryption_key: Buffer.alloc(32, 9).toString('base64') });
    const { code, stdout } = await bulwark([
      'agent',
      'run',
      '--config',
      config,
      '--state-dir',
      inDirectory('s'),
      '--json',
    ]);
    assert.equal(code, 1);
    assert.match(stdout, /ERR_SERVER_UNTRUSTED/);
  });

  test('is refused with another API key', async () => {
    const config = await writeConfig('wrong.json', { api_key: 'x'.repeat(44) });
    const { code, stdout } = await bulwark([
      'agent',
      'run',
      '--config',
      config,
      '--state-dir',
      inDirectory('w'),
      '--json',
    ]);
    assert.equal(code, 1);
    assert.match(stdout, /ERR_ENROLMENT_REFUSED/);
    assert.ok(!stdout.includes('xxxx'));
  });

  test('does not run on a configuration that others can read, and says which command mends it', async () => {
    const config = await writeConfig('open.json');
    await chmod(config, 0o644);
    const { code, stderr } = await bulwark(['agent', 'run', '--config', config, '--state-dir', inDirectory('o')]);
    assert.equal(code, 3);
    assert.equal(stderr, `bulwark: ${config} has mode 0644, wider than 0600; run: chmod 600 ${config}\n`);
  });
});

describe('a server on somebody else’s data', () => {
  let directory: TempDir;
  before(async () => {
    directory = await tempDir();
  });
  after(() => directory.remove());

  async function startOnce(dataDir: string): Promise<string> {
    const args = ['up', '--data-dir', dataDir, '--port', String(await freePort()), '--no-agent', '--json'];
    const up = startBulwark(args);
    await up.event('started');
    up.process.kill('SIGTERM');
    assert.equal((await up.finished).code, 0);
    return join(dataDir, 'keys', 'db-encryption.key');
  }

  test('does not start with another db_encryption_key, and changes nothing', async () => {
    const dataDir = join(directory.path, 'rekeyed');
    const keyFile = await startOnce(dataDir);
    const right = await readFile(keyFile);
    const wrong = Buffer.alloc(32, 5).toString('base64');
    await writeFile(keyFile, wrong);
    const { code, stdout } = await bulwark(['up', '--data-dir', dataDir, '--no-agent', '--json']);
    assert.equal(code, 3);
    assert.match(stdout, /server\.db_encryption_key is not the key that this database was made with/);
    assert.ok(!stdout.includes(wrong));
    await writeFile(keyFile, right);
    await startOnce(dataDir);
  });

  test('does not start on a key that others can read, and says which command mends it', async () => {
    const dataDir = join(directory.path, 'open');
    const keyFile = await startOnce(dataDir);
    await chmod(keyFile, 0o640);
    const { code, stderr } = await bulwark(['up', '--data-dir', dataDir, '--no-agent']);
    assert.equal(code, 3);
    assert.ok(stderr.includes(`run: chmod 600 ${keyFile}`), stderr);
  });
});
