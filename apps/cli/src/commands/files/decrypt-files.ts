import type { Readable } from 'node:stream';
import { fileOpeningTransform, openFile, openSealedFile } from '@bulwark/files';
import type { Context } from '../../context.ts';
import type { Outcome } from '../../exit-codes.ts';
import { beginFileRun } from './file-run.ts';
import { createOpeners, type OpenerOptions, type Openers } from './opener.ts';
import { type ProcessOptions, processFiles, workOptions } from './process-files.ts';
import { isStreamed, STANDARD, type StreamedPaths, streamedPaths, writeToStdout } from './standard-streams.ts';

interface Options extends OpenerOptions, ProcessOptions {}

/** `bulwark files decrypt PATH…` */
export async function decryptFiles(options: Options, context: Context, paths: readonly string[]): Promise<Outcome> {
  const streamed = isStreamed(paths, options.output) ? streamedPaths(paths, options, context) : undefined;
  await using openers = await createOpeners(options, context);
  if (streamed !== undefined) return await decryptStream(streamed, openers, options, context);
  return await processFiles('decrypt', paths, options, context, async (source, target, how) => {
    const { plaintextBytes, resumedBytes } = await openFile(source, target, await openers.forFile(source), how);
    return { bytes: plaintextBytes, resumedBytes };
  });
}

async function decryptStream(
  { source, target }: StreamedPaths,
  openers: Openers,
  options: Options,
  context: Context,
): Promise<Outcome> {
  if (target === STANDARD) {
    await decryptToStdout(source, openers, context);
    return 'ok';
  }
  const opener = await openers.forStream();
  const run = beginFileRun('Decrypted', 1, context);
  await run.onFile('standard input', async (onProgress) => {
    const how = { ...workOptions(options), signal: run.signal, onProgress };
    const { plaintextBytes } = await openFile(context.stdin as Readable, target, opener, how);
    return { bytes: plaintextBytes, target };
  });
  return run.finish();
}

async function decryptToStdout(source: string, openers: Openers, context: Context): Promise<void> {
  if (source === STANDARD) {
    const transform = fileOpeningTransform(await openers.forStream());
    await writeToStdout(context.stdin as Readable, context, transform);
    return;
  }
  // From a file, its end is checked before the first byte comes out.
  await using file = await openSealedFile(source, await openers.forFile(source));
  await writeToStdout(file.stream(), context);
}
