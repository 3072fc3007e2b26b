import { type MessageReader, openMessageReader } from '@bulwark/crypto';
import { MESSAGE_HEADER_BYTES } from '@bulwark/crypto/chunks';
import { type Envelope, openEnvelope } from './envelope.ts';
import { type DoneRange, processRanges } from './process-ranges.ts';
import { readHeader, readsOf } from './read-header.ts';
import type { Opener } from './recipients.ts';
import type { SourceFile } from './source-file.ts';

/** A sealed file whose header, commitment and last chunk are good. */
export interface Body {
  readonly source: SourceFile;
  readonly envelope: Envelope;
  /** Salt and commitment. */
  readonly messageHeader: Buffer;
  /** Reads any part; its length is authentic. */
  readonly reader: MessageReader;
}

/**
 * Checks a sealed file from both ends, so that a wrong key or a cut file is known before anything of it is opened.
 *
 * @throws FilesError ERR_NOT_SEALED, ERR_SEALED_FORMAT, ERR_KEY_UNKNOWN, ERR_OPEN_FAILED; CryptoError; system errors;
 *   whatever the key source throws
 */
export async function openBody(source: SourceFile, opener: Opener, context: Uint8Array | undefined): Promise<Body> {
  const readAt = readsOf(source.handle);
  const header = await readHeader(readAt);
  const envelope = await openEnvelope(header, opener, context);
  const bytes = {
    length: source.size - header.length,
    read: (offset: number, length: number) => readAt(header.length + offset, length),
  };
  const reader = await openMessageReader(envelope.key, bytes, envelope.context);
  return { source, envelope, messageHeader: await readAt(header.length, MESSAGE_HEADER_BYTES), reader };
}

/** Opens a body from a chunk on; see `processRanges`. */
export function openedRanges(body: Body, firstChunk: number, threads: number): AsyncGenerator<DoneRange, void> {
  const { source, envelope, messageHeader, reader } = body;
  const { key, context, header } = envelope;
  const start = header.length + MESSAGE_HEADER_BYTES;
  const task = { direction: 'open', key, context, messageHeader } as const;
  return processRanges(task, source, { plaintextBytes: reader.length, firstChunk, start, threads });
}
