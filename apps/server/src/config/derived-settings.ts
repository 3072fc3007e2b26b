import { join } from 'node:path';
import type { GivenConfig } from './config.ts';

/** Where `bulwark up` and a development server keep the certificate they make, below the data directory. */
export const DEVELOPMENT_CERTIFICATE = { directory: 'tls', certFile: 'server.pem', keyFile: 'server.key' } as const;

/** Fills in the settings whose default depends on others (`derived` in the table). */
export function deriveSettings({ server, ssl, database }: GivenConfig): void {
  const dataDir = server.dataDir ?? '';
  server.publicUrl ??= `https://localhost:${server.port}`;
  server.dbPath ??= join(dataDir, 'bulwark.db');
  server.trustProxy ??= [];
  ssl.certFile ??= join(dataDir, DEVELOPMENT_CERTIFICATE.directory, DEVELOPMENT_CERTIFICATE.certFile);
  ssl.keyFile ??= join(dataDir, DEVELOPMENT_CERTIFICATE.directory, DEVELOPMENT_CERTIFICATE.keyFile);
  database.url ??= server.dbPath;
}
