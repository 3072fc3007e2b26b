import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ensureDataDirectory, readPrivateFile, UnsafeFileError, writePrivateFile } from '@bulwark/private-files';
import { type Issuer, issueAuthority, issueServerCertificate, permitsHosts } from './certificate.ts';

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3650;
/** Browsers refuse certificates of more than 398 days. */
const SERVER_DAYS = 396; // and one day before now
const RENEW_DAYS_BEFORE_END = 30;
const AUTHORITY_NAME = 'Bulwark development authority';

/** Files of a development certificate, all PEM and 0600. */
export interface DevelopmentCertificate {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Whether this call made or renewed the server's certificate. */
  readonly renewed: boolean;
  /** Whether this call made a new authority, so that what trusted the old one must be told. */
  readonly newAuthority: boolean;
}

interface Pair {
  certificate: X509Certificate;
  key: KeyObject;
}

/**
 * Makes sure that a directory holds a local certificate authority and a certificate from it for localhost, this
 * machine's name and `hosts`. The server's certificate is renewed when fewer than 30 days are left or a host is new; the
 * authority and the server's key stay, so that trust and pins outlive it. Only a host that the authority is not
 * allowed to certify makes a new authority.
 *
 * @throws UnsafeFileError when a file is there but not private.
 */
export async function ensureDevelopmentCertificate(
  directory: string,
  hosts: readonly string[] = [],
  now = Date.now(),
): Promise<DevelopmentCertificate> {
  await ensureDataDirectory(directory);
  const caFile = join(directory, 'ca.pem');
  const certFile = join(directory, 'server.pem');
  const keyFile = join(directory, 'server.key');
  const wanted = [...new Set(['localhost', '127.0.0.1', '::1', hostname(), ...hosts].map(withoutBrackets))];

  const existing = await readPair(caFile, join(directory, 'ca.key'));
  const mayStay = existing !== undefined && isLasting(existing, now) && permitsHosts(existing.certificate.raw, wanted);
  const authority = mayStay ? existing : await createAuthority(caFile, join(directory, 'ca.key'), wanted, now);

  const server = await readPair(certFile, keyFile);
  const renewed = !isUsable(server, authority.certificate, wanted, now);
  if (renewed) {
    const key = await ensureServerKey(keyFile);
    const validity = { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + SERVER_DAYS * DAY_MS) };
    const issuer: Issuer = { commonName: AUTHORITY_NAME, key: authority.key };
    const content = { commonName: 'Bulwark development server', hosts: wanted, ...validity };
    await writePrivateFile(certFile, issueServerCertificate(content, createPublicKey(pem(key)), issuer));
  }
  return { caFile, certFile, keyFile, renewed, newAuthority: !mayStay };
}

async function createAuthority(caFile: string, keyFile: string, hosts: readonly string[], now: number): Promise<Pair> {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
  // A day back, for clocks of other machines that run behind.
  const validity = { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + AUTHORITY_DAYS * DAY_MS) };
  const certificate = issueAuthority({ commonName: AUTHORITY_NAME, hosts, ...validity }, key);
  await writePrivateFile(keyFile, pem(key));
  await writePrivateFile(caFile, certificate);
  return { certificate: new X509Certificate(certificate), key };
}

async function ensureServerKey(keyFile: string): Promise<KeyObject> {
  const existing = await readIfThere(keyFile);
  if (existing !== undefined) return createPrivateKey(existing);
  const key = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
  await writePrivateFile(keyFile, pem(key));
  return key;
}

/** Certificate and key that belong together; undefined when one is missing or they do not (a crash between the two). */
async function readPair(certFile: string, keyFile: string): Promise<Pair | undefined> {
  const [certificateText, keyText] = [await readIfThere(certFile), await readIfThere(keyFile)];
  if (certificateText === undefined || keyText === undefined) return undefined;
  const [certificate, key] = [new X509Certificate(certificateText), createPrivateKey(keyText)];
  return certificate.checkPrivateKey(key) ? { certificate, key } : undefined;
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readPrivateFile(file);
  } catch (error) {
    const isMissing = error instanceof UnsafeFileError && (error.cause as NodeJS.ErrnoException)?.code === 'ENOENT';
    if (isMissing) return undefined;
    throw error;
  }
}

function isUsable(
  server: Pair | undefined,
  authority: X509Certificate,
  hosts: readonly string[],
  now: number,
): boolean {
  return (
    server !== undefined &&
    isLasting(server, now) &&
    server.certificate.verify(authority.publicKey) &&
    hosts.every((host) =>
      isIP(host) === 0
        ? server.certificate.checkHost(host) !== undefined
        : server.certificate.checkIP(host) !== undefined,
    )
  );
}

function isLasting({ certificate }: Pair, now: number): boolean {
  return certificate.validToDate.getTime() - now >= RENEW_DAYS_BEFORE_END * DAY_MS;
}

/** URLs write IPv6 addresses as `[::1]`. */
function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
