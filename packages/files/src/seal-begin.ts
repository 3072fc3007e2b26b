import { constantTimeEqual } from '@bulwark/crypto';
import {
  CHUNK_BYTES,
  type ChunkCipher,
  chunkCipherOf,
  MESSAGE_HEADER_BYTES,
  newChunkCipher,
  SEALED_CHUNK_BYTES,
} from '@bulwark/crypto/chunks';
import { chunkCount } from './chunk-range.ts';
import { type Envelope, newEnvelope, openEnvelope, openerOf, type SealFor } from './envelope.ts';
import { encodeMetadata, type FileMetadata } from './metadata.ts';
import { PartFile } from './part-file.ts';
import { readHeader, readsOf } from './read-header.ts';
import { resumeTag } from './resume-tag.ts';
import type { SourceFile } from './source-file.ts';

/** A part file, the message in it, and how much of it is there. */
export interface Beginning {
  readonly part: PartFile;
  readonly envelope: Envelope;
  readonly cipher: ChunkCipher;
  /** The first chunk that is yet to be sealed. */
  readonly firstChunk: number;
}

/** What is sealed, for whom and how. */
export interface SealPlan {
  readonly source: SourceFile;
  readonly sealFor: SealFor;
  readonly metadata: FileMetadata | undefined;
  readonly context: Uint8Array | undefined;
}

/** Where a chunk of a sealed file is. */
export function chunkPosition(header: Uint8Array, index: number): number {
  return header.length + MESSAGE_HEADER_BYTES + index * SEALED_CHUNK_BYTES;
}

/** Begins a message under a fresh salt. @param isResumable Whether a later process may take it up. */
export async function begin(target: string, plan: SealPlan, isResumable: boolean): Promise<Beginning> {
  const envelope = await newEnvelope(plan.sealFor, plan.metadata, plan.context);
  const cipher = newChunkCipher(envelope.key, envelope.context);
  const tag = isResumable ? resumeTag('seal', envelope, cipher.header, plan.source.identity) : undefined;
  const part = await PartFile.create(target, tag);
  try {
    await part.write(Buffer.concat([envelope.header, cipher.header]), 0);
    return { part, envelope, cipher, firstChunk: 0 };
  } catch (error) {
    await part.discard();
    throw error;
  }
}

/** Takes up what a killed process left for this target, if it is for this very plan. Everything else of it goes. */
export async function takeUp(target: string, plan: SealPlan): Promise<Beginning | undefined> {
  let taken: Beginning | undefined;
  for await (const { part, resumeTag } of PartFile.claimAbandoned(target)) {
    // A part that cannot be read or opened is one that cannot be taken up, whatever the reason.
    taken ??= await continued(part, resumeTag, plan).catch(() => undefined);
    if (taken?.part !== part) await part.discard();
  }
  return taken;
}

/**
 * A salt must never seal two contents in one place. What a part holds was written in order and by one process of this
 * boot, so chunks beyond its end were never written, and whole ones are not sealed again. The torn one at its end is,
 * and used only if that gives the bytes that are there: same key, place and content give the same bytes.
 *
 * Whoever cuts the part shorter has more of it sealed again, but from the same content: the tag holds for the source as
 * it was, and cannot be made for another without the key.
 */
async function continued(part: PartFile, tag: string, plan: SealPlan): Promise<Beginning | undefined> {
  const opener = openerOf(plan.sealFor);
  if (opener === undefined) return undefined;
  const readAt = readsOf(part.handle);
  const envelope = await openEnvelope(await readHeader(readAt), opener, plan.context);
  if (!(await isSealedAsPlanned(envelope, plan))) return undefined;

  const { header, key, context } = envelope;
  const messageHeader = await readAt(header.length, MESSAGE_HEADER_BYTES);
  const cipher = chunkCipherOf(key, context, messageHeader);
  if (resumeTag('seal', envelope, messageHeader, plan.source.identity) !== tag) return undefined;

  const bodyBytes = (await part.handle.stat()).size - chunkPosition(header, 0);
  const whole = Math.min(Math.floor(bodyBytes / SEALED_CHUNK_BYTES), chunkCount(plan.source.size) - 1);
  for (let index = Math.max(0, whole - 1); index <= whole; index++) {
    const present = await readAt(chunkPosition(header, index), SEALED_CHUNK_BYTES);
    const sealed = await sealedAgain(cipher, index, plan.source);
    if (!sealed.subarray(0, present.length).equals(present)) return undefined;
  }
  return { part, envelope, cipher, firstChunk: whole };
}

async function isSealedAsPlanned(envelope: Envelope, { sealFor, metadata }: SealPlan): Promise<boolean> {
  if ('key' in sealFor && !constantTimeEqual((await sealFor.keys.sealing(sealFor.key)).kid, envelope.kid)) return false;
  return encodeMetadata(envelope.metadata ?? {}).equals(encodeMetadata(metadata ?? {}));
}

async function sealedAgain(cipher: ChunkCipher, index: number, source: SourceFile): Promise<Buffer> {
  const start = index * CHUNK_BYTES;
  const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, source.size - start));
  await source.read(chunk, start);
  const sealed = Buffer.alloc(SEALED_CHUNK_BYTES);
  return sealed.subarray(0, cipher.sealInto(sealed, 0, index, chunk));
}
