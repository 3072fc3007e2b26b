import type { Readable } from 'node:stream';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type FileInspection, fileOpeningTransform, inspectFile, verifyFile } from '@bulwark/files';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import type { Outcome } from '../../exit-codes.ts';
import { byteText } from '../../progress-bar.ts';
import { beginFileRun } from './file-run.ts';
import { type FileTree, findFiles } from './file-tree.ts';
import { createOpeners, type OpenerOptions } from './opener.ts';
import { sealedFilesOf } from './sealed-files.ts';
import { isStreamed, STANDARD } from './standard-streams.ts';

interface VerifyOptions extends OpenerOptions {
  readonly threads?: number;
}

/** `bulwark files verify PATH…` */
export async function verifyFiles(
  options: VerifyOptions,
  context: Context,
  paths: readonly string[],
): Promise<Outcome> {
  if (paths.includes(STANDARD) && paths.length > 1) throw new CliError('usage', 'with - as input, give one path');
  await using openers = await createOpeners(options, context);
  if (isStreamed(paths, undefined)) {
    const run = beginFileRun('Verified', 1, context);
    const opener = await openers.forStream();
    await run.onFile('standard input', async () => {
      let bytes = 0;
      const nowhere = new Writable({
        write(piece: Uint8Array, _encoding, done) {
          bytes += piece.length;
          done();
        },
      });
      await pipeline(context.stdin as Readable, fileOpeningTransform(opener), nowhere, { signal: run.signal });
      return { bytes };
    });
    return run.finish();
  }
  const { files, passedOver } = await findSealedFiles(paths);
  const run = beginFileRun('Verified', files.length + passedOver.length, context);
  for (const { path, reason } of passedOver) run.passOver(path, reason);
  const threads = options.threads === undefined ? {} : { threads: options.threads };
  for (const { path } of files) {
    await run.onFile(path, async (onProgress) => {
      const how = { ...threads, signal: run.signal, onProgress };
      const { plaintextBytes: bytes, metadata } = await verifyFile(path, await openers.forFile(path), how);
      return { bytes, ...(metadata && { metadata }) };
    });
  }
  return run.finish();
}

/** `bulwark files inspect PATH…` */
export async function inspectFiles(_options: unknown, { output }: Context, paths: readonly string[]): Promise<Outcome> {
  const { files, passedOver } = await findSealedFiles(paths);
  let outcome: Outcome = passedOver.length > 0 ? 'failed' : 'ok';
  const fail = (path: string, message: string, code?: string) =>
    output.complain({ event: 'file-failed', path, code, message }, `${path}: ${message}`);
  for (const { path, reason } of passedOver) fail(path, reason);
  for (const { path } of files) {
    try {
      const inspection = await inspectFile(path);
      output.say({ event: 'file', path, ...inspection }, inspectionText(path, inspection));
    } catch (error) {
      if (files.length === 1) throw error;
      const { code, message } = error as { code?: string; message: string };
      fail(path, message, code);
      outcome = 'failed';
    }
  }
  return outcome;
}

/** What is sealed of all paths. */
async function findSealedFiles(paths: readonly string[]): Promise<Pick<FileTree, 'files' | 'passedOver'>> {
  const trees = await Promise.all(paths.map(async (path) => sealedFilesOf(path, await findFiles(path))));
  return {
    files: trees.flatMap(({ files }) => files),
    passedOver: trees.flatMap(({ passedOver }) => passedOver),
  };
}

function inspectionText(path: string, { kid, recipients, hasMetadata, ...bytes }: FileInspection): string {
  const opens =
    recipients.length === 0
      ? [`Opens with  the key with kid ${Buffer.from(kid, 'hex').toString('base64url')}`]
      : recipients.map(({ type, id }, i) => `${i === 0 ? 'Opens with ' : '           '} ${recipientText(type, id)}`);
  return [
    path,
    ...opens,
    `Metadata    ${hasMetadata ? 'encrypted name, length and time' : 'none'}`,
    `Length      ${byteText(bytes.plaintextBytes)}, sealed ${byteText(bytes.sealedBytes)}`,
    'None of this is proven until the file is opened.',
  ]
    .map((line, i) => (i === 0 ? line : `  ${line}`))
    .join('\n');
}

function recipientText(type: FileInspection['recipients'][number]['type'], id: string): string {
  if (type === 'passphrase') return `a passphrase (${id.split('$').slice(0, 4).join('$')})`;
  if (type === 'key') return `the key with kid ${Buffer.from(id, 'hex').toString('base64url')}`;
  return `the private key of the ${type} public key ${id}`;
}
