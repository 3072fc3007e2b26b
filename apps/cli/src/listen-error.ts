import type { Config } from '@bulwark/server';
import { CliError } from './errors.ts';

/** What an error at the start of the server means, where it is the address; any other error as it is. */
export function explainListenError(error: unknown, config: Config): unknown {
  const { host, port } = config.server;
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new CliError('failed', `port ${port} on ${host} is in use; choose another: --port or server.port`, {
        cause: error,
      });
    case 'EACCES':
      return new CliError('failed', `this user may not listen on port ${port}; ports from 1024 are free to all`, {
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new CliError('failed', `${host} is not an address of this machine (server.host)`, { cause: error });
    default:
      return error;
  }
}
