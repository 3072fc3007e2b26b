import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { type FileMetadata, fileSealingTransform, type SealFor, sealFile } from '@bulwark/files';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import type { Outcome } from '../../exit-codes.ts';
import { beginFileRun } from './file-run.ts';
import { type ProcessOptions, processFiles, workOptions } from './process-files.ts';
import { openSealFor, type SealForOptions } from './seal-for.ts';
import { isStreamed, STANDARD, type StreamedPaths, streamedPaths, writeToStdout } from './standard-streams.ts';

interface Options extends SealForOptions, ProcessOptions {
  /** `--no-metadata` */
  readonly metadata: boolean;
}

/** `bulwark files encrypt PATH…` */
export async function encryptFiles(options: Options, context: Context, paths: readonly string[]): Promise<Outcome> {
  const streamed = isStreamed(paths, options.output) ? streamedPaths(paths, options, context) : undefined;
  await using opened = await openSealFor(options, context);
  const { sealFor } = opened;
  if (streamed !== undefined) return await encryptStream(streamed, sealFor, options, context);
  const without = options.metadata ? {} : { metadata: false as const };
  return await processFiles('encrypt', paths, options, context, async (source, target, how) => {
    const { plaintextBytes, sealedBytes, resumedBytes } = await sealFile(source, target, sealFor, {
      ...how,
      ...without,
    });
    return { bytes: plaintextBytes, sealedBytes, resumedBytes };
  });
}

async function encryptStream(
  { source, target }: StreamedPaths,
  sealFor: SealFor,
  options: Options,
  context: Context,
): Promise<Outcome> {
  const metadata = source === STANDARD || !options.metadata ? undefined : await metadataOf(source);
  if (target === STANDARD) {
    const input = source === STANDARD ? (context.stdin as Readable) : createReadStream(source);
    const transform = await fileSealingTransform(sealFor, metadata && { metadata });
    await writeToStdout(input, context, transform);
    return 'ok';
  }
  const run = beginFileRun('Encrypted', 1, context);
  await run.onFile('standard input', async (onProgress) => {
    const how = { ...workOptions(options), signal: run.signal, onProgress };
    const { plaintextBytes, sealedBytes } = await sealFile(context.stdin as Readable, target, sealFor, how);
    return { bytes: plaintextBytes, sealedBytes, target };
  });
  return run.finish();
}

async function metadataOf(path: string): Promise<FileMetadata> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isFile()) throw new CliError('failed', `${path} is not a file that can be read`);
  return { name: basename(path), size: stats.size, modifiedAt: Math.trunc(stats.mtimeMs) };
}
