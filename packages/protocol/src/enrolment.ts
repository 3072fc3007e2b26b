import { z } from 'zod';

/** 32 bytes in base64url. */
const key = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** What an agent asks with, sealed to the server's ingest key. */
export const EnrolmentRequest = z.strictObject({
  credential: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('token'), secret: z.string().regex(/^[A-Za-z0-9_-]{22}$/) }),
    z.strictObject({ kind: z.literal('key'), apiKey: z.string().min(1).max(256) }),
  ]),
  agreementKey: key,
  signingKey: key,
  /** Ed25519 over agreement key and nonce: who asks holds the signing key. */
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
  nonce: key,
  hostname: z.string().min(1).max(256),
});
export type EnrolmentRequest = z.infer<typeof EnrolmentRequest>;

/** What the agent gets, sealed under the secret that only the two share. */
export const EnrolmentAnswer = z.object({
  agentId: z.uuid(),
  apiToken: z.string().min(32).max(128),
  keyEpoch: z.number().int().positive(),
  intervalSeconds: z.number().int().positive(),
  /** Certificate authority to trust for this server, PEM; null where the system's do. */
  caCertificate: z.string().max(16_384).nullable(),
});
export type EnrolmentAnswer = z.infer<typeof EnrolmentAnswer>;

/** Answer of GET /v1/enrolment-key: the ingest key, proved to whoever holds the encryption key of a package. */
export const EnrolmentKey = z.object({ serverKey: key, proof: key });
export type EnrolmentKey = z.infer<typeof EnrolmentKey>;

/** Answer to an accepted frame. */
export const FrameAcknowledgement = z.object({
  sequence: z.number().int().nonnegative(),
  serverTime: z.number().int().nonnegative(),
  intervalSeconds: z.number().int().positive(),
});
export type FrameAcknowledgement = z.infer<typeof FrameAcknowledgement>;

/** Where agents post, and as what. */
export const AGENT_PATHS = {
  enrol: '/v1/enrolments',
  enrolmentKey: '/v1/enrolment-key',
  ingest: '/v1/ingest',
} as const;
export const CONTENT_TYPES = {
  frame: 'application/vnd.bulwark.frame',
  enrolment: 'application/vnd.bulwark.enrolment',
} as const;
export const FRAME_BYTES_MAX = 1024 * 1024;
