import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { readPrivateFile } from '@bulwark/private-files';
import { type Check, runCheck } from './check.ts';

const DAY_MS = 86_400_000;
const WARN_DAYS = 30;

/** The certificate is readable, valid now and for the public host, and belongs to the key. */
export function checkCertificate(
  ssl: { readonly certFile: string; readonly keyFile: string },
  publicUrl: string,
  now: number,
): Promise<Check> {
  return runCheck('certificate', 'TLS certificate is valid', async () => {
    const certificate = new X509Certificate(await readFile(ssl.certFile));
    const key = createPrivateKey(await readPrivateFile(ssl.keyFile));
    const host = new URL(publicUrl).hostname.replace(/^\[(.*)\]$/, '$1');
    const covers = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host);
    const daysLeft = Math.floor((certificate.validToDate.getTime() - now) / DAY_MS);
    const failed = (detail: string, fix: string) => ({ state: 'failed' as const, detail, fix });

    if (!certificate.checkPrivateKey(key)) {
      return failed('certificate and key do not belong together', 'name a pair: ssl.cert_file, ssl.key_file');
    }
    if (certificate.validFromDate.getTime() > now) return failed('not valid yet', "check this machine's clock");
    if (daysLeft < 0) return failed(`ended on ${certificate.validTo}`, 'renew it and start the server again');
    if (covers === undefined) return failed(`is not for ${host}`, 'get one for that host, or change server.public_url');
    if (daysLeft < WARN_DAYS) return { state: 'warning', detail: `ends in ${daysLeft} days`, fix: 'renew it' };
    return { detail: `for ${host}, ${daysLeft} days left` };
  });
}
