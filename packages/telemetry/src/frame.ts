import { createSecretKey, type KeyObject } from 'node:crypto';
import { CounterSealer, hkdf, openCounter, pae } from '@bulwark/crypto';
import { TelemetryError } from './errors.ts';

/** What a frame carries. Numbers are wire format. */
export const FRAME_KINDS = { batch: 1, dictionary: 2 } as const;
export type FrameKind = keyof typeof FRAME_KINDS;

export type FrameDirection = 'agent-to-server' | 'server-to-agent';

/** The clear part of a frame. All of it is associated data: a changed byte makes the frame refuse to open. */
export interface FrameHeader {
  readonly kind: FrameKind;
  /** The agent's identifier, 16 bytes. */
  readonly agentId: Uint8Array;
  /** Which of the agent's key pairs the frame key was agreed with. */
  readonly keyEpoch: number;
  /** Fresh for every start of the agent, 16 bytes: a new boot is a new key, so the counter may begin again. */
  readonly bootId: Uint8Array;
  /** Counts the frames of a boot from 0. It is the nonce too, so no number ever serves twice. */
  readonly sequence: number;
}

/*
 * u8 version 1 · u8 cipher 1 (AES-256-GCM) · u8 codec 1 · u8 kind · agent id (16) · u32 key epoch · boot id (16) ·
 * u64 sequence, then ciphertext and tag (16). Big-endian.
 */
const VERSION = 1;
const CIPHER_A256GCM = 1;
const CODEC_BATCH_1 = 1;
export const FRAME_HEADER_BYTES = 48;
const TAG_BYTES = 16;
const FRAME_KEY_BYTES = 32;
const NONCE_PREFIX_BYTES = 4;

const KIND_BY_NUMBER: readonly (FrameKind | undefined)[] = [undefined, 'batch', 'dictionary'];

/** The key of one boot of one agent, in one direction. */
export interface FrameKey {
  /** As an object: starting a cipher with bytes costs three times as much. */
  readonly key: KeyObject;
  readonly noncePrefix: Buffer;
}

/**
 * HKDF-SHA256 (RFC 5869) over the X25519 secret that agent and server share; salt is the boot id.
 *
 * @param sharedSecret 32 bytes of X25519 output.
 */
export function deriveFrameKey(
  sharedSecret: Uint8Array,
  { agentId, keyEpoch, bootId }: Pick<FrameHeader, 'agentId' | 'keyEpoch' | 'bootId'>,
  direction: FrameDirection,
): FrameKey {
  const epoch = Buffer.alloc(4);
  epoch.writeUInt32BE(keyEpoch);
  const info = pae('bw1/frame', agentId, epoch, direction);
  const derived = hkdf('sha256', sharedSecret, bootId, info, FRAME_KEY_BYTES + NONCE_PREFIX_BYTES);
  return { key: createSecretKey(derived.subarray(0, FRAME_KEY_BYTES)), noncePrefix: derived.subarray(FRAME_KEY_BYTES) };
}

export interface FrameSealer {
  /** @throws CryptoError after 2^32 frames: start a new boot before. */
  seal(kind: FrameKind, body: Uint8Array): Buffer;
}

/** Seals the frames of one boot, numbering them from 0. There must be only one sealer for a boot id. */
export function createFrameSealer(
  sharedSecret: Uint8Array,
  boot: Pick<FrameHeader, 'agentId' | 'keyEpoch' | 'bootId'>,
  direction: FrameDirection = 'agent-to-server',
): FrameSealer {
  const { key, noncePrefix } = deriveFrameKey(sharedSecret, boot, direction);
  const sealer = new CounterSealer(key, noncePrefix);
  return {
    seal(kind, body) {
      const header = encodeHeader({ ...boot, kind, sequence: sealer.next });
      const { sealed } = sealer.seal(body, header);
      return Buffer.concat([header, sealed]);
    },
  };
}

function encodeHeader({ kind, agentId, keyEpoch, bootId, sequence }: FrameHeader): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header[0] = VERSION;
  header[1] = CIPHER_A256GCM;
  header[2] = CODEC_BATCH_1;
  header[3] = FRAME_KINDS[kind];
  header.set(agentId, 4);
  header.writeUInt32BE(keyEpoch, 20);
  header.set(bootId, 24);
  header.writeBigUInt64BE(BigInt(sequence), 40);
  return header;
}

/**
 * Reads the clear header; nothing in it is to be believed until `openFrame` has returned.
 *
 * @throws TelemetryError ERR_FRAME_FORMAT, ERR_FRAME_VERSION
 */
export function parseFrameHeader(frame: Buffer): FrameHeader {
  if (frame.length < FRAME_HEADER_BYTES + TAG_BYTES) {
    throw new TelemetryError('ERR_FRAME_FORMAT', 'not a sealed frame: too short');
  }
  if (frame[0] !== VERSION || frame[1] !== CIPHER_A256GCM || frame[2] !== CODEC_BATCH_1) {
    throw new TelemetryError('ERR_FRAME_VERSION', 'not a frame of a version that is known here');
  }
  const kind = KIND_BY_NUMBER[frame[3] ?? 0];
  if (!kind) throw new TelemetryError('ERR_FRAME_FORMAT', 'the frame is of an unknown kind');
  const sequence = frame.readUInt32BE(40) * 2 ** 32 + frame.readUInt32BE(44);
  // One key is good for 2^32 frames (NIST SP 800-38D, 8.3).
  if (sequence >= 2 ** 32) throw new TelemetryError('ERR_FRAME_FORMAT', 'the frame number is past the limit of a key');
  return {
    kind,
    agentId: frame.subarray(4, 20),
    keyEpoch: frame.readUInt32BE(20),
    bootId: frame.subarray(24, 40),
    sequence,
  };
}

/**
 * @param header Of this very frame.
 * @returns The body in clear.
 * @throws TelemetryError ERR_FRAME_OPEN
 */
export function openFrame({ key, noncePrefix }: FrameKey, header: FrameHeader, frame: Buffer): Buffer {
  try {
    return openCounter(
      key,
      noncePrefix,
      header.sequence,
      frame.subarray(FRAME_HEADER_BYTES),
      frame.subarray(0, FRAME_HEADER_BYTES),
    );
  } catch (cause) {
    throw new TelemetryError('ERR_FRAME_OPEN', 'the frame does not open', { cause });
  }
}
