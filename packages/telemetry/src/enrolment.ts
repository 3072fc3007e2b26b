import { createHash, createHmac } from 'node:crypto';
import {
  constantTimeEqual,
  decodeBase64Url,
  encodeBase64Url,
  hkdf,
  open,
  openWith,
  pae,
  seal,
  sealTo,
} from '@bulwark/crypto';
import { TelemetryError } from './errors.ts';

/*
 * How an agent and a server come to know each other. The agent knows the server's ingest key before it says a word: it
 * stands in the token, or is proved with the key of a package. So the first contact needs no trust on first use, and
 * does not lean on the certificate.
 */

/** What an administrator hands to a new machine. */
export interface EnrolmentToken {
  /** 16 random bytes; the server keeps their hash. */
  readonly secret: Uint8Array;
  /** The server's ingest key, X25519, 32 bytes. */
  readonly serverKey: Uint8Array;
  readonly serverUrl: string;
}

const PREFIX = 'bwe_';
const VERSION = 1;
const SECRET_BYTES = 16;
const SERVER_KEY_BYTES = 32;
const CHECKSUM_BYTES = 4;
const FIXED_BYTES = 1 + SECRET_BYTES + SERVER_KEY_BYTES;

/** `bwe_` and base64url of version ‖ secret ‖ server key ‖ URL ‖ first 4 bytes of SHA-256 over all before. */
export function encodeEnrolmentToken({ secret, serverKey, serverUrl }: EnrolmentToken): string {
  const body = Buffer.concat([Buffer.of(VERSION), secret, serverKey, Buffer.from(serverUrl)]);
  return PREFIX + encodeBase64Url(Buffer.concat([body, checksum(body)]));
}

/** @throws TelemetryError ERR_ENROLMENT_TOKEN: cut, mistyped, or no token at all */
export function parseEnrolmentToken(text: string): EnrolmentToken {
  const bytes = text.startsWith(PREFIX) ? decodeToken(text.slice(PREFIX.length)) : Buffer.alloc(0);
  const body = bytes.subarray(0, -CHECKSUM_BYTES);
  const isWhole = body.length > FIXED_BYTES && constantTimeEqual(checksum(body), bytes.subarray(-CHECKSUM_BYTES));
  if (!isWhole || body[0] !== VERSION) {
    throw new TelemetryError('ERR_ENROLMENT_TOKEN', 'not an enrolment token: copy it whole, it begins with bwe_');
  }
  return {
    secret: body.subarray(1, 1 + SECRET_BYTES),
    serverKey: body.subarray(1 + SECRET_BYTES, FIXED_BYTES),
    serverUrl: body.subarray(FIXED_BYTES).toString('utf8'),
  };
}

function decodeToken(text: string): Buffer {
  try {
    return decodeBase64Url(text);
  } catch {
    return Buffer.alloc(0);
  }
}

function checksum(body: Uint8Array): Buffer {
  return createHash('sha256').update(body).digest().subarray(0, CHECKSUM_BYTES);
}

const REQUEST_INFO = Buffer.from('bw1/enrolment/request');
const NO_DATA = Buffer.alloc(0);

/** Seals a request so that only the server can read the credential in it, whatever terminates TLS in between. */
export function sealEnrolmentRequest(serverKey: Uint8Array, request: Uint8Array): Buffer {
  return sealTo(serverKey, request, REQUEST_INFO, NO_DATA);
}

/** @throws TelemetryError ERR_ENROLMENT_OPEN */
export function openEnrolmentRequest(ingestKey: Uint8Array, sealed: Uint8Array): Buffer {
  return opened(() => openWith(ingestKey, sealed, REQUEST_INFO, NO_DATA));
}

/**
 * Seals the answer under the secret of agent and server, so that it also proves the server.
 *
 * @param sharedSecret X25519 of the agent's key and the ingest key.
 * @param nonce The request's.
 */
export function sealEnrolmentAnswer(sharedSecret: Uint8Array, nonce: Uint8Array, answer: Uint8Array): Buffer {
  return seal(answerKey(sharedSecret, nonce), answer, nonce);
}

/** @throws TelemetryError ERR_ENROLMENT_OPEN */
export function openEnrolmentAnswer(sharedSecret: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): Buffer {
  return opened(() => open(answerKey(sharedSecret, nonce), sealed, nonce));
}

function answerKey(sharedSecret: Uint8Array, nonce: Uint8Array): Buffer {
  return hkdf('sha256', sharedSecret, nonce, Buffer.from('bw1/enrolment/answer'), 32);
}

/**
 * Proves the ingest key to an agent that came with a package's encryption key instead of a token.
 *
 * @param encryptionKey 32 bytes, the server's `encryption_key`. It proves; it opens no report.
 * @param nonce The agent's, fresh.
 */
export function proveServerKey(encryptionKey: Uint8Array, nonce: Uint8Array, serverKey: Uint8Array): Buffer {
  const key = hkdf('sha256', encryptionKey, NO_DATA, Buffer.from('bw1/enrolment/proof'), 32);
  return createHmac('sha256', key).update(pae(nonce, serverKey)).digest();
}

/** True where whoever answered holds the same encryption key. */
export function isServerKeyProved(
  encryptionKey: Uint8Array,
  nonce: Uint8Array,
  serverKey: Uint8Array,
  proof: Uint8Array,
): boolean {
  return constantTimeEqual(proveServerKey(encryptionKey, nonce, serverKey), proof);
}

function opened(open: () => Buffer): Buffer {
  try {
    return open();
  } catch (cause) {
    throw new TelemetryError('ERR_ENROLMENT_OPEN', 'the enrolment message does not open', { cause });
  }
}
