import { CHUNK_BYTES } from '@bulwark/crypto/chunks';
import { translated } from './errors.ts';
import type { FileMetadata } from './metadata.ts';
import { type Body, openBody, openedRanges } from './open-body.ts';
import { type TargetOptions, threadsFor, type WorkOptions } from './options.ts';
import { PartFile } from './part-file.ts';
import { ProgressMeter } from './progress.ts';
import { readsOf } from './read-header.ts';
import type { Opener } from './recipients.ts';
import { resumeTag } from './resume-tag.ts';
import { openSource } from './source-file.ts';
import { fileOpeningTransform } from './streams.ts';
import { writeStream } from './write-stream.ts';

/** How a file is opened, besides with what. */
export interface OpenFileOptions extends WorkOptions, TargetOptions {}

/** What was in a file. */
export interface OpenedResult {
  readonly metadata: FileMetadata | undefined;
  readonly plaintextBytes: number;
  /** Plaintext bytes taken over from a killed process. */
  readonly resumedBytes: number;
}

/**
 * Opens a sealed file or a stream of one into a file. Nothing takes the target's name before all of it was opened and
 * its end found. Memory does not depend on the length.
 *
 * @param source A path, or a stream: anything that gives bytes piece by piece.
 * @throws FilesError ERR_NOT_SEALED, ERR_SEALED_FORMAT, ERR_KEY_UNKNOWN, ERR_OPEN_FAILED, ERR_ARGUMENT,
 *   ERR_SOURCE_CHANGED, ERR_TARGET_EXISTS, ERR_DISK_FULL, ERR_IO; the signal's reason; whatever the key source or the
 *   stream throws. Nothing is left behind then.
 */
export async function openFile(
  source: string | AsyncIterable<Uint8Array>,
  target: string,
  opener: Opener,
  options: OpenFileOptions = {},
): Promise<OpenedResult> {
  return translated(async () => {
    options.signal?.throwIfAborted();
    if (typeof source !== 'string') return openStream(source, target, opener, options);
    await using file = await openSource(source);
    return await openInto(target, await openBody(file, opener, options.context), options);
  });
}

async function openInto(target: string, body: Body, options: OpenFileOptions): Promise<OpenedResult> {
  const { signal, onProgress, resume = false, replace = true, durable = true } = options;
  const plaintextBytes = body.reader.length;
  const threads = threadsFor(plaintextBytes, options);
  const { part, firstChunk } = resume ? await takenUpOrNew(target, body) : await newPart(target);
  const resumedBytes = firstChunk * CHUNK_BYTES;
  const progress = new ProgressMeter(onProgress, plaintextBytes, resumedBytes);
  try {
    for await (const { range, output } of openedRanges(body, firstChunk, threads)) {
      signal?.throwIfAborted();
      await part.write(output, range.index * CHUNK_BYTES);
      progress.add(range.bytes);
    }
    await part.commit({ replace, durable });
  } catch (error) {
    await part.discard();
    throw error;
  }
  progress.end();
  return { metadata: body.envelope.metadata, plaintextBytes, resumedBytes };
}

/** A part file, and the first chunk that is yet to be opened into it. */
interface Start {
  readonly part: PartFile;
  readonly firstChunk: number;
}

async function newPart(target: string, tag?: string): Promise<Start> {
  return { part: await PartFile.create(target, tag), firstChunk: 0 };
}

async function takenUpOrNew(target: string, body: Body): Promise<Start> {
  const tag = resumeTag('open', body.envelope, body.messageHeader, body.source.identity);
  let taken: Start | undefined;
  for await (const { part, resumeTag: itsTag } of PartFile.claimAbandoned(target)) {
    if (itsTag === tag) taken ??= await continued(part, body);
    if (taken?.part !== part) await part.discard();
  }
  return taken ?? (await newPart(target, tag));
}

// Its whole chunks were opened by the process that wrote them. The last of them is opened again and compared, which
// finds a part that lost its end; who else can write to a file of mode 0600 could as well write to the target.
async function continued(part: PartFile, { reader }: Body): Promise<Start | undefined> {
  const { size } = await part.handle.stat();
  if (size > reader.length) return undefined;
  const firstChunk = Math.floor(size / CHUNK_BYTES);
  if (firstChunk > 0) {
    const start = (firstChunk - 1) * CHUNK_BYTES;
    const present = await readsOf(part.handle)(start, CHUNK_BYTES);
    if (!present.equals(await reader.read(start, start + CHUNK_BYTES))) return undefined;
  }
  return { part, firstChunk };
}

async function openStream(
  source: AsyncIterable<Uint8Array>,
  target: string,
  opener: Opener,
  options: OpenFileOptions,
): Promise<OpenedResult> {
  let metadata: FileMetadata | undefined;
  const transform = fileOpeningTransform(opener, {
    ...(options.context && { context: options.context }),
    onMetadata: (found) => {
      metadata = found;
    },
  });
  const { written } = await writeStream(source, transform, target, 'written', options);
  return { metadata, plaintextBytes: written, resumedBytes: 0 };
}
