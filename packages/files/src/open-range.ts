import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { FilesError, translated } from './errors.ts';
import type { FileMetadata } from './metadata.ts';
import { openBody } from './open-body.ts';
import type { Opener } from './recipients.ts';
import { openSource } from './source-file.ts';

// A multiple of the chunk length, so that pieces of a stream share no chunk.
const PIECE_BYTES = 64 * 16_384;

/** A sealed file that is open for reading in any part. Close it, or declare it with `await using`. */
export interface SealedFile extends AsyncDisposable {
  /** Of the plaintext, in bytes; authentic. */
  readonly length: number;
  readonly metadata: FileMetadata | undefined;
  /**
   * The plaintext from `start` up to, not including, `end`. Negative numbers count from the end, as with `slice`; but what
   * lies outside the file is an error.
   *
   * @throws FilesError ERR_ARGUMENT, ERR_OPEN_FAILED, ERR_IO
   */
  read(start?: number, end?: number): Promise<Buffer>;
  /** As `read`, as a Node stream, up to 1 MiB in memory at a time. Every byte it gives is authentic. */
  stream(start?: number, end?: number): Readable;
  /** As `stream`, as a Web stream. */
  webStream(start?: number, end?: number): ReadableStream<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens a sealed file for random access. Its header and last chunk are checked at once, so that its length and
 * positions counted from its end can be relied on; the rest when it is read.
 *
 * @param options `context`: what the file was sealed with.
 * @throws FilesError ERR_NOT_SEALED, ERR_SEALED_FORMAT, ERR_KEY_UNKNOWN, ERR_OPEN_FAILED, ERR_ARGUMENT, ERR_IO; whatever
 *   the key source throws
 */
export async function openSealedFile(
  path: string,
  opener: Opener,
  { context }: { readonly context?: Uint8Array } = {},
): Promise<SealedFile> {
  return translated(async () => {
    const source = await openSource(path);
    try {
      const { envelope, reader } = await openBody(source, opener, context);
      const { length } = reader;
      const read = (start?: number, end?: number) =>
        translated(async () => reader.read(...withinFile(length, start, end)));
      const pieces = (start?: number, end?: number) => piecesOf(read, ...withinFile(length, start, end));
      const close = async () => source[Symbol.asyncDispose]();
      return {
        length,
        metadata: envelope.metadata,
        read,
        stream: (start, end) => Readable.from(pieces(start, end), { objectMode: false, highWaterMark: PIECE_BYTES }),
        webStream: (start, end) => ReadableStream.from(pieces(start, end)),
        close,
        [Symbol.asyncDispose]: close,
      };
    } catch (error) {
      await source[Symbol.asyncDispose]();
      throw error;
    }
  });
}

/** One part of a sealed file; see `SealedFile.read` and `openSealedFile`. */
export async function openRange(
  path: string,
  opener: Opener,
  start: number,
  end?: number,
  options: { readonly context?: Uint8Array } = {},
): Promise<Buffer> {
  await using file = await openSealedFile(path, opener, options);
  return await file.read(start, end);
}

async function* piecesOf(
  read: (start: number, end: number) => Promise<Buffer>,
  start: number,
  end: number,
): AsyncGenerator<Buffer, void> {
  for (let at = start; at < end; ) {
    const next = Math.min(end, (Math.floor(at / PIECE_BYTES) + 1) * PIECE_BYTES);
    yield await read(at, next);
    at = next;
  }
}

function withinFile(length: number, start = 0, end = length): [start: number, end: number] {
  const [from, to] = [start, end].map((at) => (at < 0 ? length + at : at)) as [number, number];
  if (Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to && to <= length) return [from, to];
  throw new FilesError('ERR_ARGUMENT', `range must lie within 0 to ${length}, got ${start} to ${end}`);
}
