import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { prepareDataDirectory } from '../config/development.ts';
import { openDatabase } from '../db/open.ts';
import { ensureDevelopmentCertificate } from '../tls/development-certificate.ts';
import { tlsOptions } from '../tls/tls-options.ts';
import { checkCertificate } from './certificate-check.ts';
import type { Check } from './check.ts';
import { runDoctor } from './run-doctor.ts';
import { checkServer, DATA_ROUTES } from './server-checks.ts';

const DAY_MS = 86_400_000;
let directory: string;
let dataDir: string;
let runs = 0;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulwark-run-doctor-'));
});
after(() => rm(directory, { recursive: true }));

/** A fresh installation that has been started once. */
beforeEach(async () => {
  dataDir = join(directory, String(++runs));
  // Port 1: nothing answers there.
  await prepareDataDirectory(dataDir, { 'server.port': '1' });
  await (await openDatabase(join(dataDir, 'bulwark.db'))).destroy();
  await chmod(join(dataDir, 'bulwark.db'), 0o600);
});

async function doctor(): Promise<Record<string, Check>> {
  const flags = { 'server.data_dir': dataDir };
  const checks = await runDoctor({ file: join(dataDir, 'bulwark.yaml'), env: {}, flags, production: false });
  return Object.fromEntries(checks.map((check) => [check.id, check]));
}

const states = (checks: Record<string, Check>) =>
  Object.fromEntries(Object.values(checks).map(({ id, state }) => [id, state]));

test('on a sound installation whose server is stopped, only the server and its reports are missed', async () => {
  assert.deepEqual(states(await doctor()), {
    configuration: 'ok',
    'data-directory': 'ok',
    'file-modes': 'ok',
    certificate: 'ok',
    'database-opens': 'ok',
    'database-ciphertext': 'ok',
    'database-files': 'ok',
    reports: 'warning',
    'server-answers': 'failed',
    'web-access': 'failed',
  });
});

describe('doctor fails', () => {
  test('for a wide data directory, with the command that mends it', async () => {
    await chmod(dataDir, 0o755);
    const { 'data-directory': check } = await doctor();
    assert.equal(check?.state, 'failed');
    assert.equal(check?.fix, `chmod 700 ${dataDir}`);
  });

  test('for a wide file anywhere below it', async () => {
    const file = join(dataDir, 'keys', 'old.key');
    await writeFile(file, '');
    await chmod(file, 0o640);
    const { 'file-modes': check } = await doctor();
    assert.equal(check?.state, 'failed');
    assert.equal(check?.fix, `chmod 600 ${file}`);
  });

  test('for a key that others can read, with nothing else checked on such ground', async () => {
    await chmod(join(dataDir, 'keys', 'api.key'), 0o644);
    const checks = await doctor();
    assert.deepEqual(states(checks), { configuration: 'failed' });
    assert.match(checks.configuration?.detail ?? '', /server\.api_key .*chmod 600/);
  });

  test('for a missing database, without making one', async () => {
    await rm(join(dataDir, 'bulwark.db'));
    for (let i = 0; i < 2; i++) assert.match((await doctor())['database-opens']?.detail ?? '', /does not exist/);
  });

  test("for this machine's processor in a database file", async () => {
    const [processor] = cpus();
    assert.ok(processor, 'needs a system that names its processor');
    await writeFile(join(dataDir, 'bulwark.db-wal'), `x${processor.model}`, { mode: 0o600 });
    const { 'database-files': check } = await doctor();
    assert.equal(check?.state, 'failed');
    assert.ok(!check.detail.includes(processor.model));
  });
});

describe('the certificate check', () => {
  const check = async (url: string, now = Date.now()) =>
    checkCertificate(await ensureDevelopmentCertificate(join(dataDir, 'tls')), url, now);

  test('passes for the public host', async () => assert.equal((await check('https://localhost:8768')).state, 'ok'));
  test('passes for an address', async () => assert.equal((await check('https://[::1]:8768')).state, 'ok'));
  test('fails for another host', async () =>
    assert.match((await check('https://a.example')).detail, /is not for a\.example/));
  test('warns 30 days before the end', async () =>
    assert.equal((await check('https://localhost', Date.now() + 370 * DAY_MS)).state, 'warning'));
  test('fails after the end', async () =>
    assert.equal((await check('https://localhost', Date.now() + 400 * DAY_MS)).state, 'failed'));
  test('fails for a key of another certificate', async () => {
    const { certFile } = await ensureDevelopmentCertificate(join(dataDir, 'tls'));
    const { keyFile } = await ensureDevelopmentCertificate(join(dataDir, 'other'));
    const { detail } = await checkCertificate({ certFile, keyFile }, 'https://localhost', Date.now());
    assert.equal(detail, 'certificate and key do not belong together');
  });
});

describe('the server checks', () => {
  let server: Server;
  let status: number;
  let ca: Buffer;
  const url = () => `https://localhost:${(server.address() as AddressInfo).port}`;
  beforeEach(async () => {
    status = 401;
    const tls = await tlsOptions({
      certFile: join(dataDir, 'tls/server.pem'),
      keyFile: join(dataDir, 'tls/server.key'),
    });
    ca = await readFile(join(dataDir, 'tls/ca.pem'));
    server = createServer(tls, (_request, response) => response.writeHead(status).end()).listen(0, 'localhost');
    await once(server, 'listening');
  });

  const checkThen = async (authority: Buffer | undefined) => {
    const checks = await checkServer(url(), authority);
    server.close();
    return checks.map(({ state, detail }) => `${state}: ${detail.replace(/:\d+/, '')}`);
  };

  test('pass when it answers over verified TLS and refuses data', async () =>
    assert.deepEqual(await checkThen(ca), [
      'ok: https://localhost, TLSv1.3',
      `ok: ${DATA_ROUTES.length} routes answer 401`,
    ]));

  test('fail when its certificate does not verify', async () =>
    assert.match((await checkThen(undefined))[0] ?? '', /^failed: https:\/\/localhost: unable to verify/));

  test('fail when it gives data away', async () => {
    status = 200;
    assert.match((await checkThen(ca))[1] ?? '', /^failed: answered without a session: \/api\/\w+ \(200\)/);
  });
});
