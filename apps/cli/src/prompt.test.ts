import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type TempDir, tempDir } from '../../../testing/temp-dir.ts';
import { onTerminal } from '../testing/on-terminal.ts';
import { bulwark } from '../testing/run-bulwark.ts';
import { EXIT_CODES } from './exit-codes.ts';

const PASSPHRASE = 'canary: correct horse battery';

let directory: TempDir;
before(async () => {
  directory = await tempDir();
  await writeFile(at('plain'), 'plain');
  await writeFile(at('passphrase'), PASSPHRASE, { mode: 0o600 });
  const made = await bulwark(['keys', 'create', 'a', '--key-dir', at('keys'), '--passphrase-file', at('passphrase')]);
  assert.equal(made.code, 0, made.stderr);
  const sealed = await bulwark([
    ...['files', 'encrypt', at('plain'), '-o', at('locked')],
    ...['--passphrase', '--passphrase-file', at('passphrase')],
  ]);
  assert.equal(sealed.code, 0, sealed.stderr);
});
after(() => directory.remove());

const at = (name: string) => join(directory.path, name);

const QUESTIONS = [
  { name: 'of the keys', args: () => ['keys', 'list', '--key-dir', at('keys')] },
  // Which has something to clear away at a signal, and so listens for it itself.
  { name: 'of the files', args: () => ['files', 'decrypt', at('locked'), '-o', at('opened')] },
];

describe('at the question for a passphrase', () => {
  for (const { name, args } of QUESTIONS) {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      test(`${name}, ${signal} ends it and leaves a terminal that shows what is typed`, async () => {
        const watched = (command: string) => `sh -c 'echo pid=$$; exec ${command}'; echo code=$?; stty -a`;
        const terminal = onTerminal(args(), {}, watched);
        await terminal.answer(`Enter the passphrase ${name}: `, '');
        const [, pid] = /pid=(\d+)/.exec(terminal.shown()) ?? [];
        process.kill(Number(pid), signal);
        const { shown } = await terminal.finished;
        assert.match(shown, new RegExp(`code=${EXIT_CODES.interrupted.code}\\r`));
        assert.match(shown, /\sicanon\s/);
        assert.match(shown, /\secho\s/);
      });
    }
  }
});
