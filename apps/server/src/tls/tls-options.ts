import { readFile } from 'node:fs/promises';
import type { SecureContextOptions, SecureVersion } from 'node:tls';
import { readPrivateFile, systemReason, UnsafeFileError } from '@bulwark/private-files';

/**
 * TLS 1.3 and 1.2 with forward secrecy and AEAD only; the set rates A+ with testssl.sh. AES-128 is left out, since
 * raters count the shortest key.
 */
export const TLS_POLICY = {
  minVersion: 'TLSv1.2' as SecureVersion,
  ciphers: [
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-AES256-GCM-SHA384',
  ].join(':'),
  ecdhCurve: 'X25519:P-384:P-256',
  honorCipherOrder: true,
} as const satisfies SecureContextOptions;

/** Options of `https.createServer` or Fastify's `https`: the policy, and certificate and key read from their files. */
export type TlsOptions = typeof TLS_POLICY & { readonly cert: Buffer; readonly key: Buffer };

/**
 * Reads certificate and key. Also what `server.setSecureContext` takes to load a renewed pair without a restart.
 *
 * @throws UnsafeFileError when the key is not private, or a file cannot be read.
 */
export async function tlsOptions(files: { certFile: string; keyFile: string }): Promise<TlsOptions> {
  const cert = await readFile(files.certFile).catch((error: unknown) => {
    throw new UnsafeFileError(files.certFile, systemReason(error), { cause: error });
  });
  return { ...TLS_POLICY, cert, key: await readPrivateFile(files.keyFile) };
}
