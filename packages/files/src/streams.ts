import { Transform } from 'node:stream';
import { TransformStream } from 'node:stream/web';
import { MessageOpener, MessageSealer } from '@bulwark/crypto';
import { type Envelope, newEnvelope, openEnvelope, type SealFor } from './envelope.ts';
import { FilesError, malformed, translate, translated } from './errors.ts';
import { HEADER_START_BYTES, headerLength } from './header.ts';
import type { FileMetadata } from './metadata.ts';
import type { Opener } from './recipients.ts';

/** How a stream is sealed, besides for whom. */
export interface SealStreamOptions {
  /** Authenticated with the file, not stored in it; whoever opens must give the same. */
  readonly context?: Uint8Array;
  /** Kept encrypted in the header. A `size` that the stream does not have is an error at its end. */
  readonly metadata?: FileMetadata;
}

/** How a stream is opened, besides with what. */
export interface OpenStreamOptions {
  /** What the file was sealed with. */
  readonly context?: Uint8Array;
  /** Called with the file's metadata before the first byte of it comes out, if it has any. */
  readonly onMetadata?: (metadata: FileMetadata) => void;
}

/** Bytes in, bytes out, piece by piece; `final` gives the last of them. */
interface Pieces {
  update(piece: Uint8Array): Promise<Buffer> | Buffer;
  final(): Promise<Buffer> | Buffer;
}

/**
 * A Web stream that turns plaintext into a sealed file.
 *
 * @throws FilesError ERR_ARGUMENT, ERR_KEY_UNKNOWN; whatever the key source throws
 */
export async function fileSealingStream(
  sealFor: SealFor,
  options: SealStreamOptions = {},
): Promise<TransformStream<Uint8Array, Uint8Array>> {
  return webStream(new FileSealer(await envelopeFor(sealFor, options)));
}

/** As `fileSealingStream`, as a Node stream. */
export async function fileSealingTransform(sealFor: SealFor, options: SealStreamOptions = {}): Promise<Transform> {
  return sealingTransformOf(await envelopeFor(sealFor, options));
}

/** A Node stream that seals under an envelope. It uses the envelope up. */
export function sealingTransformOf(envelope: Envelope): Transform {
  return nodeStream(new FileSealer(envelope));
}

/**
 * A Web stream that turns a sealed file into its plaintext. What it gives out is authentic, but only its end tells that it
 * is whole. It errors with the codes of `openFile`.
 */
export function fileOpeningStream(
  opener: Opener,
  options: OpenStreamOptions = {},
): TransformStream<Uint8Array, Uint8Array> {
  return webStream(new FileOpener(opener, options));
}

/** As `fileOpeningStream`, as a Node stream. */
export function fileOpeningTransform(opener: Opener, options: OpenStreamOptions = {}): Transform {
  return nodeStream(new FileOpener(opener, options));
}

async function envelopeFor(sealFor: SealFor, { metadata, context }: SealStreamOptions): Promise<Envelope> {
  return translated(() => newEnvelope(sealFor, metadata, context));
}

class FileSealer implements Pieces {
  readonly #sealer: MessageSealer;
  readonly #size: number | undefined;
  #header: Buffer;
  #bytes = 0;

  constructor({ header, key, context, metadata }: Envelope) {
    this.#sealer = new MessageSealer(key, context);
    this.#header = header;
    this.#size = metadata?.size;
  }

  update(piece: Uint8Array): Buffer {
    this.#bytes += piece.length;
    return this.#afterHeader(this.#sealer.update(piece));
  }

  final(): Buffer {
    if (this.#size !== undefined && this.#size !== this.#bytes) {
      const message = `metadata.size says ${this.#size} bytes, the stream had ${this.#bytes}`;
      throw new FilesError('ERR_SOURCE_CHANGED', message);
    }
    return this.#afterHeader(this.#sealer.final());
  }

  #afterHeader(body: Buffer): Buffer {
    if (this.#header.length === 0) return body;
    const bytes = Buffer.concat([this.#header, body]);
    this.#header = Buffer.alloc(0);
    return bytes;
  }
}

class FileOpener implements Pieces {
  readonly #opener: Opener;
  readonly #options: OpenStreamOptions;
  #header = Buffer.alloc(0);
  #message: MessageOpener | undefined;

  constructor(opener: Opener, options: OpenStreamOptions) {
    this.#opener = opener;
    this.#options = options;
  }

  async update(piece: Uint8Array): Promise<Buffer> {
    if (this.#message !== undefined) return this.#message.update(piece);
    // At most 64 KiB and a piece: `headerLength` refuses longer ones.
    this.#header = Buffer.concat([this.#header, piece]);
    if (this.#header.length < HEADER_START_BYTES) return Buffer.alloc(0);
    const length = headerLength(this.#header.subarray(0, HEADER_START_BYTES));
    if (this.#header.length < length) return Buffer.alloc(0);

    const { context, onMetadata } = this.#options;
    const envelope = await openEnvelope(this.#header.subarray(0, length), this.#opener, context);
    const body = this.#header.subarray(length);
    this.#message = new MessageOpener(envelope.key, envelope.context);
    this.#header = Buffer.alloc(0);
    const output = this.#message.update(body);
    if (envelope.metadata !== undefined) onMetadata?.(envelope.metadata);
    return output;
  }

  final(): Buffer {
    if (this.#message !== undefined) return this.#message.final();
    headerLength(this.#header.subarray(0, HEADER_START_BYTES));
    throw malformed('its header is cut short');
  }
}

function webStream(pieces: Pieces): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    async transform(piece, controller) {
      const output = await translated(() => pieces.update(piece));
      if (output.length > 0) controller.enqueue(output);
    },
    async flush(controller) {
      const output = await translated(() => pieces.final());
      if (output.length > 0) controller.enqueue(output);
    },
  });
}

function nodeStream(pieces: Pieces): Transform {
  return new Transform({
    transform: (piece: Uint8Array, _encoding, done) => settle(done, async () => pieces.update(piece)),
    flush: (done) => settle(done, async () => pieces.final()),
  });
}

function settle(done: (error: Error | null, output?: Buffer) => void, work: () => Promise<Buffer>): void {
  work().then(
    (output) => done(null, output),
    (error: unknown) => done(translate(error) as Error),
  );
}
