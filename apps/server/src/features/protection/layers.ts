import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { ProtectionLayer } from '@bulwark/protocol';
import type { Config } from '../../config/config.ts';

interface Facts {
  readonly config: Config;
  /** False until the first administrator exists. */
  readonly hasUsers: boolean;
}

/** The five layers, and what each is worth here: printed at start, shown in the console. */
export function protectionLayers({ config, hasUsers }: Facts): ProtectionLayer[] {
  const { dataDir } = config.server;
  const hasOwnCertificate = !isWithin(dataDir, config.ssl.certFile);
  const hasKeysBesideData = existsSync(join(dataDir, 'keys'));
  return [
    {
      id: 'files',
      name: 'Files',
      state: 'on',
      detail: 'data directory 0700; database, keys and configuration 0600, checked at start',
    },
    {
      id: 'transport',
      name: 'Transport',
      state: hasOwnCertificate ? 'on' : 'weak',
      detail: hasOwnCertificate
        ? 'TLS 1.2 and 1.3'
        : 'TLS 1.2 and 1.3 with a development certificate that browsers do not know: set ssl.cert_file and ssl.key_file',
    },
    {
      id: 'payload',
      name: 'Payload',
      state: 'on',
      detail: 'AES-256-GCM under keys that each agent agrees alone with the server; clear reports are refused',
    },
    {
      id: 'database',
      name: 'Database',
      state: hasKeysBesideData ? 'weak' : 'on',
      detail: hasKeysBesideData
        ? 'every report and name sealed, but the root key lies in the data directory: keep it elsewhere in production'
        : 'every report and name sealed; the root key comes from outside the data directory',
    },
    {
      id: 'access',
      name: 'Access',
      state: hasUsers ? 'on' : 'weak',
      detail: hasUsers
        ? 'signed-in users only; Argon2id, httpOnly cookies, limits on sign-in'
        : 'signed-in users only, and there is none yet: open the set-up link',
    },
  ];
}

function isWithin(directory: string, file: string): boolean {
  return !relative(directory, file).startsWith('..');
}
