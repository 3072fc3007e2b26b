import { createReadStream } from 'node:fs';
import { localFileKeys, openFile, type SealFileOptions, sealFile } from '../src/index.ts';

/* A process that seals or opens one file as it is told, once for each run, and prints for each what came of it. */

/** What the process is sent. */
export interface Order {
  readonly action: 'seal' | 'open' | 'seal a stream';
  readonly source: string;
  readonly target: string;
  readonly keyHex: string;
  readonly runs: readonly SealFileOptions[];
}

process.once('message', async ({ action, source, target, keyHex, runs }: Order) => {
  const keys = localFileKeys({ files: Buffer.from(keyHex, 'hex') });
  const sealFor = { key: 'files', keys };
  for (const run of runs) {
    const options = { ...run, onProgress: ({ bytes }: { bytes: number }) => void process.send?.(bytes) };
    try {
      const work =
        action === 'open'
          ? openFile(source, target, { keys }, options)
          : sealFile(action === 'seal' ? source : createReadStream(source), target, sealFor, options);
      process.stdout.write(`${(await work).resumedBytes}\n`);
    } catch (error) {
      process.stdout.write(`${(error as NodeJS.ErrnoException).code}\n`);
    }
  }
  process.disconnect();
});
process.send?.('ready');
