import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { prepareDataDirectory } from './development.ts';
import { loadConfig } from './load-config.ts';

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulwark-development-'));
});
after(() => rm(directory, { recursive: true }));

const load = (file: string) => loadConfig({ file, env: {}, flags: {}, production: true });

test('a first start makes three independent keys, a certificate and a configuration that production would take', async () => {
  const dataDir = join(directory, 'first');
  const { configFile, created } = await prepareDataDirectory(dataDir, { 'server.port': '9000' });
  assert.equal(created.length, 5);
  const config = await load(configFile);
  assert.equal(config.server.port, 9000);
  assert.equal(config.database.url, join(dataDir, 'bulwark.db'));
});

test('everything made is 0600 in directories of 0700', async () => {
  const dataDir = join(directory, 'modes');
  await prepareDataDirectory(dataDir);
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
  assert.ok(entries.length >= 10);
  for (const entry of entries) {
    const { mode } = await stat(join(entry.parentPath, entry.name));
    assert.equal(mode & 0o777, entry.isDirectory() ? 0o700 : 0o600, entry.name);
  }
});

test('a second start changes nothing, also after the directory was moved', async () => {
  const [before, moved] = [join(directory, 'before'), join(directory, 'moved')];
  const first = await load((await prepareDataDirectory(before)).configFile);
  await rename(before, moved);
  const { configFile, created } = await prepareDataDirectory(moved, { 'server.port': '9001' });
  assert.deepEqual(created, []);
  const second = await load(configFile);
  assert.deepEqual(second.server.dbEncryptionKey, first.server.dbEncryptionKey);
  assert.equal(second.server.port, 8768);
  assert.equal(second.server.dbPath, join(moved, 'bulwark.db'));
});

test('a key that was lost is not made anew, since it would not open the data', async () => {
  const dataDir = join(directory, 'lost');
  const { configFile } = await prepareDataDirectory(dataDir);
  await rm(join(dataDir, 'keys', 'db-encryption.key'));
  await prepareDataDirectory(dataDir);
  await assert.rejects(
    load(configFile),
    /server\.db_encryption_key refers to a file .*db-encryption\.key does not exist/,
  );
});

test('an interrupted first start is taken up again with the keys that are there', async () => {
  const dataDir = join(directory, 'interrupted');
  const { configFile } = await prepareDataDirectory(dataDir);
  const key = await readFile(join(dataDir, 'keys', 'api.key'), 'utf8');
  await rm(configFile);
  await rm(join(dataDir, 'keys', 'encryption.key'));
  await prepareDataDirectory(dataDir);
  const config = await load(configFile);
  assert.equal(config.server.apiKey, key.trim());
});

test('a wrong setting is named before anything is made', async () => {
  const dataDir = join(directory, 'wrong');
  await assert.rejects(prepareDataDirectory(dataDir, { 'server.port': '70000' }), /server\.port is not as wanted/);
  await assert.rejects(stat(dataDir), { code: 'ENOENT' });
});

test('a directory that others can enter is refused', async () => {
  const dataDir = join(directory, 'open');
  await prepareDataDirectory(dataDir);
  await chmod(dataDir, 0o755);
  await assert.rejects(prepareDataDirectory(dataDir), { name: 'UnsafeFileError', fix: `chmod 700 ${dataDir}` });
});
