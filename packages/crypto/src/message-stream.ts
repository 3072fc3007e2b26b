import { Transform } from 'node:stream';
import { TransformStream } from 'node:stream/web';
import { TAG_BYTES } from './aes-gcm.ts';
import { BlockBuffer } from './block-buffer.ts';
import {
  CHUNK_BYTES,
  type ChunkCipher,
  chunkCipherOf,
  MESSAGE_HEADER_BYTES,
  newChunkCipher,
  SEALED_CHUNK_BYTES,
} from './chunk-cipher.ts';
import { CryptoError, openFailed } from './errors.ts';
import { requireKey, type SymmetricKey } from './symmetric-key.ts';

/** Bytes in, bytes out, piece by piece; `final` gives the last of them and must be called. */
interface Pieces {
  update(piece: Uint8Array): Buffer;
  final(): Buffer;
}

/** Seals a Cobblestone-256 message piece by piece, in constant memory. The result is that of `sealMessage`. */
export class MessageSealer implements Pieces {
  readonly #cipher: ChunkCipher;
  readonly #chunks = new BlockBuffer(CHUNK_BYTES);
  #index = 0;
  #ended = false;

  /**
   * @param key 32 bytes, uniformly random.
   * @param context Bound to the message, not stored.
   * @throws CryptoError ERR_KEY_LENGTH
   */
  constructor(key: SymmetricKey, context: Uint8Array) {
    this.#cipher = newChunkCipher(key, context);
  }

  /** Takes the next piece of plaintext, of any length. @throws CryptoError ERR_ARGUMENT after `final` */
  update(piece: Uint8Array): Buffer {
    this.#requireOpen();
    return this.#seal(this.#chunks.completedBy(piece.length) * SEALED_CHUNK_BYTES, this.#chunks.push(piece));
  }

  /** Seals the last chunk, without which the message does not open. @throws CryptoError ERR_ARGUMENT when called twice */
  final(): Buffer {
    this.#requireOpen();
    this.#ended = true;
    const rest = this.#chunks.rest;
    return this.#seal(rest.length + TAG_BYTES, [rest]);
  }

  #seal(bodyBytes: number, chunks: Iterable<Uint8Array>): Buffer {
    const header = this.#index === 0 && bodyBytes > 0 ? this.#cipher.header : Buffer.alloc(0);
    const sealed = Buffer.allocUnsafe(header.length + bodyBytes);
    let offset = header.copy(sealed);
    for (const chunk of chunks) offset = this.#cipher.sealInto(sealed, offset, this.#index++, chunk);
    return sealed;
  }

  #requireOpen(): void {
    if (this.#ended) throw new CryptoError('ERR_ARGUMENT', 'the message has ended');
  }
}

/**
 * Opens a Cobblestone-256 message piece by piece, in constant memory. What it gives out is authentic, but until `final`
 * has returned the message may still turn out to be cut short. Once it has refused, it refuses for ever.
 */
export class MessageOpener implements Pieces {
  readonly #key: SymmetricKey;
  readonly #context: Uint8Array;
  readonly #header = new BlockBuffer(MESSAGE_HEADER_BYTES);
  readonly #chunks = new BlockBuffer(SEALED_CHUNK_BYTES);
  #cipher: ChunkCipher | undefined;
  #index = 0;
  #ended = false;

  /** @throws CryptoError ERR_KEY_LENGTH */
  constructor(key: SymmetricKey, context: Uint8Array) {
    this.#key = requireKey(key);
    this.#context = Buffer.from(context);
  }

  /** Takes the next piece of the message, of any length. @throws CryptoError ERR_OPEN_FAILED */
  update(piece: Uint8Array): Buffer {
    return this.#once(false, () => {
      const body = this.#cipher === undefined ? this.#readHeader(piece) : piece;
      return this.#cipher === undefined ? [] : Array.from(this.#chunks.push(body), (chunk) => this.#open(chunk));
    });
  }

  /** Opens the last chunk. @throws CryptoError ERR_OPEN_FAILED, also when there is none: the message was cut short */
  final(): Buffer {
    return this.#once(true, () => [this.#open(this.#chunks.rest)]);
  }

  #readHeader(piece: Uint8Array): Uint8Array {
    const missing = MESSAGE_HEADER_BYTES - this.#header.rest.length;
    for (const header of this.#header.push(piece.subarray(0, missing))) {
      this.#cipher = chunkCipherOf(this.#key, this.#context, header);
    }
    return piece.subarray(missing);
  }

  #open(chunk: Uint8Array): Buffer {
    if (this.#cipher === undefined) throw openFailed();
    return this.#cipher.open(this.#index++, chunk);
  }

  // Ended already while it works, so that a failure ends it.
  #once(last: boolean, work: () => Buffer[]): Buffer {
    if (this.#ended) throw openFailed();
    this.#ended = true;
    const plaintext = Buffer.concat(work());
    this.#ended = last;
    return plaintext;
  }
}

/** A Web stream that seals, as `MessageSealer`. @throws CryptoError ERR_KEY_LENGTH */
export function sealingStream(key: SymmetricKey, context: Uint8Array): TransformStream<Uint8Array, Uint8Array> {
  return webStream(new MessageSealer(key, context));
}

/** A Web stream that opens, as `MessageOpener`; it errors with ERR_OPEN_FAILED. @throws CryptoError ERR_KEY_LENGTH */
export function openingStream(key: SymmetricKey, context: Uint8Array): TransformStream<Uint8Array, Uint8Array> {
  return webStream(new MessageOpener(key, context));
}

/** A Node stream that seals, as `MessageSealer`. @throws CryptoError ERR_KEY_LENGTH */
export function sealingTransform(key: SymmetricKey, context: Uint8Array): Transform {
  return nodeStream(new MessageSealer(key, context));
}

/** A Node stream that opens, as `MessageOpener`; it is destroyed with ERR_OPEN_FAILED. @throws CryptoError ERR_KEY_LENGTH */
export function openingTransform(key: SymmetricKey, context: Uint8Array): Transform {
  return nodeStream(new MessageOpener(key, context));
}

function webStream(pieces: Pieces): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(piece, controller) {
      const output = pieces.update(piece);
      if (output.length > 0) controller.enqueue(output);
    },
    flush(controller) {
      const output = pieces.final();
      if (output.length > 0) controller.enqueue(output);
    },
  });
}

function nodeStream(pieces: Pieces): Transform {
  return new Transform({
    transform: (piece: Uint8Array, _encoding, done) => settle(done, () => pieces.update(piece)),
    flush: (done) => settle(done, () => pieces.final()),
  });
}

function settle(done: (error: Error | null, output?: Buffer) => void, work: () => Buffer): void {
  try {
    done(null, work());
  } catch (error) {
    done(error as Error);
  }
}
