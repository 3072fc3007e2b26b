import process from 'node:process';
import { EXIT_CODES } from './exit-codes.ts';
import { runCli } from './run-cli.ts';
import { createStopSignal, listenForStop } from './stop-signal.ts';

/** How long an agent whose `bulwark up` was killed may take to end. */
const ORPHAN_MS = 3000;

// Whatever a library creates (the database, its WAL) is private from its first moment.
process.umask(0o077);

const { argv, env, stdin, stdout, stderr } = process;
for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read our output has left (`bulwark up | head`); that is no reason to stop a server.
    if (error.code !== 'EPIPE') throw error;
  });
}
const outcome = await runCli(argv.slice(2), {
  env,
  stdin,
  stdout,
  stderr,
  stopSignal: () => createStopSignal(process, () => process.exit(EXIT_CODES.interrupted.code)),
  onStop: (listener) => listenForStop(process, listener),
  parentGone: () => {
    const gone = new AbortController();
    // `bulwark up` starts its agent with a channel that closes with it, even when it is killed.
    if (process.channel) {
      process.once('disconnect', () => {
        gone.abort();
        setTimeout(() => process.exit(EXIT_CODES.failed.code), ORPHAN_MS).unref();
      });
    }
    return gone.signal;
  },
});
process.exit(EXIT_CODES[outcome].code);
