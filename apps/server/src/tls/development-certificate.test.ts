import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ConnectionOptions, connect, createServer, type Server } from 'node:tls';
import { issueServerCertificate } from './certificate.ts';
import { ensureDevelopmentCertificate } from './development-certificate.ts';
import { tlsOptions } from './tls-options.ts';

const DAY_MS = 86_400_000;
let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulwark-tls-'));
});
after(() => rm(directory, { recursive: true }));

const load = async (file: string) => new X509Certificate(await readFile(file));

describe('a TLS server with the development certificate', () => {
  let server: Server;
  let port: number;
  let ca: Buffer;
  before(async () => {
    const files = await ensureDevelopmentCertificate(join(directory, 'served'));
    ca = await readFile(files.caFile);
    server = createServer(await tlsOptions(files), (socket) => socket.end('hello'));
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  after(() => server.close());

  /** Resolves to the agreed protocol and cipher. */
  async function handshake(options: ConnectionOptions): Promise<string> {
    const socket = connect({ port, ...options, host: '127.0.0.1' });
    try {
      await once(socket, 'secureConnect');
      return `${socket.getProtocol()} ${socket.getCipher().name}`;
    } finally {
      socket.destroy();
    }
  }

  // Without a server name, verification goes by the address.
  for (const name of ['localhost', hostname(), undefined]) {
    test(`is verified against its authority as ${name ?? '127.0.0.1'}`, async () => {
      const options = name === undefined ? { ca } : { ca, servername: name };
      assert.equal(await handshake(options), 'TLSv1.3 TLS_AES_256_GCM_SHA384');
    });
  }

  test('is refused by the default roots', () =>
    assert.rejects(handshake({ servername: 'localhost' }), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }));

  test('is refused under another name', () =>
    assert.rejects(handshake({ ca, servername: 'bulwark.example' }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }));

  test('speaks TLS 1.2 with forward secrecy and 256 bits', async () => {
    const agreed = await handshake({ ca, servername: 'localhost', maxVersion: 'TLSv1.2' });
    assert.equal(agreed, 'TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384');
  });

  const refused: [string, ConnectionOptions][] = [
    ['TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }],
    ['AES-128', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }],
    ['CBC', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-SHA384' }],
  ];
  for (const [what, options] of refused) {
    test(`refuses ${what}`, () => assert.rejects(handshake({ ca, servername: 'localhost', ...options })));
  }
});

test('the certificate is a P-384 one of at most 398 days for this machine, from an authority with nobody below it', async () => {
  const { caFile, certFile } = await ensureDevelopmentCertificate(join(directory, 'content'));
  const [ca, leaf] = [await load(caFile), await load(certFile)];
  assert.ok(ca.ca);
  assert.ok(!leaf.ca);
  assert.ok(leaf.verify(ca.publicKey));
  assert.ok(leaf.checkHost('localhost') && leaf.checkIP('127.0.0.1') && leaf.checkIP('::1'));
  assert.equal(leaf.publicKey.asymmetricKeyDetails?.namedCurve, 'secp384r1');
  assert.ok(leaf.validToDate.getTime() - leaf.validFromDate.getTime() <= 398 * DAY_MS);
});

test('a certificate for any other site, signed with the stolen key of the authority, is refused', async () => {
  const { caFile } = await ensureDevelopmentCertificate(join(directory, 'stolen'));
  const ca = await readFile(caFile);
  const issuer = {
    commonName: 'Bulwark development authority',
    key: createPrivateKey(await readFile(join(directory, 'stolen', 'ca.key'))),
  };
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const validity = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) };
  const content = { commonName: 'bank.example', hosts: ['bank.example'], ...validity };
  const cert = issueServerCertificate(content, publicKey, issuer);

  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const server = createServer({ cert, key }, (socket) => socket.end());
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const socket = connect({ host: '127.0.0.1', port, ca, servername: 'bank.example' });
    await assert.rejects(once(socket, 'secureConnect'), /permitted subtree violation/);
  } finally {
    server.close();
  }
});

test('keys and directory are private, and a wider key is refused', async () => {
  const path = join(directory, 'modes');
  const { keyFile } = await ensureDevelopmentCertificate(path);
  assert.equal((await stat(path)).mode & 0o777, 0o700);
  for (const name of ['ca.key', 'server.key']) {
    assert.equal((await stat(join(path, name))).mode & 0o777, 0o600, name);
  }
  await chmod(keyFile, 0o644);
  await assert.rejects(ensureDevelopmentCertificate(path), { name: 'UnsafeFileError', fix: `chmod 600 ${keyFile}` });
});

test('a certificate is kept until 30 days before its end, then renewed under the same authority and key', async () => {
  const path = join(directory, 'renewal');
  const now = Date.now();
  const files = await ensureDevelopmentCertificate(path, [], now);
  assert.ok(files.renewed && files.newAuthority);
  const [ca, leaf, key] = await Promise.all([load(files.caFile), load(files.certFile), readFile(files.keyFile)]);

  const kept = await ensureDevelopmentCertificate(path, [], now + 365 * DAY_MS);
  assert.deepEqual([kept.renewed, kept.newAuthority], [false, false]);

  const renewed = await ensureDevelopmentCertificate(path, [], now + 367 * DAY_MS);
  assert.deepEqual([renewed.renewed, renewed.newAuthority], [true, false]);
  assert.equal((await load(files.caFile)).fingerprint256, ca.fingerprint256);
  assert.notEqual((await load(files.certFile)).fingerprint256, leaf.fingerprint256);
  assert.ok((await readFile(files.keyFile)).equals(key));
});

test('a host that the authority may not certify makes a new authority, and stays allowed', async () => {
  const path = join(directory, 'hosts');
  await ensureDevelopmentCertificate(path);
  const wider = await ensureDevelopmentCertificate(path, ['bulwark.lan', '192.168.1.20', '[fd00::1]']);
  assert.ok(wider.renewed && wider.newAuthority);
  const leaf = await load(wider.certFile);
  assert.ok(leaf.checkHost('bulwark.lan') && leaf.checkIP('192.168.1.20') && leaf.checkIP('fd00::1'));
  const again = await ensureDevelopmentCertificate(path, ['bulwark.lan']);
  assert.deepEqual([again.renewed, again.newAuthority], [false, false]);
});
