import { basename } from 'node:path';
import { sealedLength } from '@bulwark/crypto';
import { CHUNK_BYTES } from '@bulwark/crypto/chunks';
import { newEnvelope, type SealFor } from './envelope.ts';
import { translated } from './errors.ts';
import type { FileMetadata } from './metadata.ts';
import { type TargetOptions, threadsFor, type WorkOptions } from './options.ts';
import { processRanges } from './process-ranges.ts';
import { ProgressMeter } from './progress.ts';
import { begin, chunkPosition, type SealPlan, takeUp } from './seal-begin.ts';
import { openSource } from './source-file.ts';
import { sealingTransformOf } from './streams.ts';
import { writeStream } from './write-stream.ts';

/** How a file is sealed, besides for whom. */
export interface SealFileOptions extends WorkOptions, TargetOptions {
  /**
   * Kept encrypted in the header. Where it is not given, name, length and time of a source that is a file; `false` keeps
   * nothing.
   */
  readonly metadata?: FileMetadata | false;
}

/** What became of a file. */
export interface SealedResult {
  /** Id of the key that seals the body; 18 bytes. */
  readonly kid: Uint8Array;
  readonly plaintextBytes: number;
  readonly sealedBytes: number;
  /** Plaintext bytes whose sealing was taken over from a killed process. */
  readonly resumedBytes: number;
}

/**
 * Seals a file or a stream into a file. Under the target's name there is never a part of it: it is written under
 * another, and renamed when it is whole. Memory does not depend on the length.
 *
 * @param source A path, or a stream: anything that gives bytes piece by piece.
 * @throws FilesError ERR_ARGUMENT, ERR_KEY_UNKNOWN, ERR_SOURCE_CHANGED, ERR_TARGET_EXISTS, ERR_DISK_FULL, ERR_IO;
 *   the signal's reason; whatever the key source or the stream throws. Nothing is left behind then.
 */
export async function sealFile(
  source: string | AsyncIterable<Uint8Array>,
  target: string,
  sealFor: SealFor,
  options: SealFileOptions = {},
): Promise<SealedResult> {
  return translated(async () => {
    options.signal?.throwIfAborted();
    if (typeof source !== 'string') return sealStream(source, target, sealFor, options);
    await using file = await openSource(source);
    const { metadata = { name: basename(source), size: file.size, modifiedAt: file.modifiedAt }, context } = options;
    return await sealSource(target, { source: file, sealFor, metadata: metadata || undefined, context }, options);
  });
}

async function sealSource(target: string, plan: SealPlan, options: SealFileOptions): Promise<SealedResult> {
  const { source } = plan;
  const { signal, onProgress, resume = false, replace = true, durable = true } = options;
  const threads = threadsFor(source.size, options);
  const taken = resume ? await takeUp(target, plan) : undefined;
  const { part, envelope, cipher, firstChunk } = taken ?? (await begin(target, plan, resume));
  const { header, key, context, kid } = envelope;
  const resumedBytes = firstChunk * CHUNK_BYTES;
  const progress = new ProgressMeter(onProgress, source.size, resumedBytes);
  try {
    const task = { direction: 'seal', key, context, messageHeader: cipher.header } as const;
    const work = { plaintextBytes: source.size, firstChunk, start: 0, threads };
    for await (const { range, output } of processRanges(task, source, work)) {
      signal?.throwIfAborted();
      await part.write(output, chunkPosition(header, range.index));
      progress.add(range.bytes);
    }
    await source.requireUnchanged();
    await part.commit({ replace, durable });
  } catch (error) {
    await part.discard();
    throw error;
  }
  progress.end();
  return { kid, plaintextBytes: source.size, sealedBytes: header.length + sealedLength(source.size), resumedBytes };
}

async function sealStream(
  source: AsyncIterable<Uint8Array>,
  target: string,
  sealFor: SealFor,
  options: SealFileOptions,
): Promise<SealedResult> {
  const envelope = await newEnvelope(sealFor, options.metadata || undefined, options.context);
  const { read, written } = await writeStream(source, sealingTransformOf(envelope), target, 'read', options);
  return { kid: envelope.kid, plaintextBytes: read, sealedBytes: written, resumedBytes: 0 };
}
