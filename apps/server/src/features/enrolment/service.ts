import { hash, randomUUID } from 'node:crypto';
import {
  agree,
  agreementPublicKey,
  constantTimeEqual,
  decodeBase64Url,
  encodeBase64Url,
  pae,
  randomBytes,
  verify,
} from '@bulwark/crypto';
import { type EnrolmentAnswer, type EnrolmentKey, EnrolmentRequest, type EnrolmentState } from '@bulwark/protocol';
import { encodeEnrolmentToken, openEnrolmentRequest, proveServerKey, sealEnrolmentAnswer } from '@bulwark/telemetry';
import type { Database } from '../../db/schema.ts';
import type { MachineDirectory } from '../machines/directory.ts';
import type { MachineStore } from '../machines/store.ts';
import { createApiToken } from './api-token.ts';
import type { EnrolmentStore } from './store.ts';

export interface EnrolmentOptions {
  readonly db: Database;
  readonly tenantId: string;
  readonly tokens: EnrolmentStore;
  readonly machines: MachineStore;
  readonly directory: MachineDirectory;
  /** The server's ingest key, X25519, private half. */
  readonly ingestKey: Uint8Array;
  /** F2's pair: what a pre-configured package enrols with. */
  readonly packageKeys: { readonly apiKey: string; readonly encryptionKey: Uint8Array };
  readonly publicUrl: string;
  readonly intervalSeconds: number;
  readonly caCertificate: string | null;
  readonly now: () => number;
}

export type EnrolmentErrorCode =
  | 'ERR_ENROLMENT_REFUSED' // credential wrong, expired or spent, or the message does not open; deliberately one code
  | 'ERR_MACHINE_KNOWN'; // the agent's keys are enrolled already: a replayed request

export class EnrolmentError extends Error {
  override readonly name = 'EnrolmentError';
  readonly code: EnrolmentErrorCode;

  constructor(code: EnrolmentErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type Enrolment = ReturnType<typeof createEnrolment>;

const TOKEN_SECRET_BYTES = 16;
const HOUR_MS = 3_600_000;

/** Lets machines into the fleet, once each, by a one-time token or by the key of a package. */
export function createEnrolment(options: EnrolmentOptions) {
  const { db, tenantId, tokens, machines, directory, ingestKey, packageKeys, now } = options;
  const serverKey = agreementPublicKey(ingestKey);
  const apiKeyHash = sha256(packageKeys.apiKey);

  return {
    /** @returns The token itself, which nobody can show a second time. */
    async createToken(ttlHours = 24): Promise<{ id: string; token: string; expiresAt: number }> {
      const secret = randomBytes(TOKEN_SECRET_BYTES);
      const id = randomUUID();
      const createdAt = now();
      const expiresAt = createdAt + ttlHours * HOUR_MS;
      await tokens.add({ id, tenantId, tokenHash: sha256(secret), createdAt, expiresAt });
      return { id, expiresAt, token: encodeEnrolmentToken({ secret, serverKey, serverUrl: options.publicUrl }) };
    },

    async state(id: string): Promise<EnrolmentState | undefined> {
      const token = await tokens.find(id);
      if (!token) return undefined;
      const state = token.usedAt !== null ? 'used' : token.expiresAt <= now() ? 'expired' : 'waiting';
      return { id, state, machineId: token.machineId };
    },

    /** @param nonce 32 bytes, the agent's. */
    proveKey(nonce: Uint8Array): EnrolmentKey {
      return {
        serverKey: encodeBase64Url(serverKey),
        proof: encodeBase64Url(proveServerKey(packageKeys.encryptionKey, nonce, serverKey)),
      };
    },

    /**
     * @param sealed A request, sealed to the ingest key.
     * @returns The answer, which only the agent that asked can open.
     * @throws EnrolmentError
     */
    async enrol(sealed: Uint8Array): Promise<{ machineId: string; answer: Buffer }> {
      const request = openRequest(ingestKey, sealed);
      const agreementKey = decodeBase64Url(request.agreementKey);
      const signingKey = decodeBase64Url(request.signingKey);
      const nonce = decodeBase64Url(request.nonce);
      if (!verify(signingKey, pae('bw1/enrolment', agreementKey, nonce), decodeBase64Url(request.signature))) {
        throw refused('the signature is not of the signing key');
      }
      const shared = agree(ingestKey, agreementKey);
      const apiToken = createApiToken();
      const { credential } = request;

      const machine = await db.transaction().execute(async (tx) => {
        const id = randomUUID();
        const isAdmitted =
          credential.kind === 'token'
            ? await tokens.spend(sha256(decodeBase64Url(credential.secret)), { machineId: id, now: now() }, tx)
            : constantTimeEqual(sha256(credential.apiKey), apiKeyHash);
        if (!isAdmitted) throw refused(`the ${credential.kind} is unknown, expired or spent`);
        if (await machines.isKnown(agreementKey, tx)) {
          throw new EnrolmentError('ERR_MACHINE_KNOWN', 'an agent with these keys is enrolled already');
        }
        return machines.add(
          {
            id,
            tenantId,
            name: request.hostname,
            agreementKey,
            signingKey,
            keyEpoch: 1,
            tokenHash: sha256(apiToken),
            intervalSeconds: options.intervalSeconds,
            enrolledAt: now(),
          },
          tx,
        );
      });
      directory.add(machine);

      const answer: EnrolmentAnswer = {
        agentId: machine.id,
        apiToken,
        keyEpoch: machine.keyEpoch,
        intervalSeconds: machine.intervalSeconds,
        caCertificate: options.caCertificate,
      };
      return { machineId: machine.id, answer: sealEnrolmentAnswer(shared, nonce, Buffer.from(JSON.stringify(answer))) };
    },
  };
}

function openRequest(ingestKey: Uint8Array, sealed: Uint8Array): EnrolmentRequest {
  try {
    return EnrolmentRequest.parse(JSON.parse(openEnrolmentRequest(ingestKey, sealed).toString('utf8')));
  } catch (cause) {
    throw refused('the request does not open', { cause });
  }
}

/** One code and one message for whoever asks; the reason is for the log of the server. */
function refused(reason: string, options: ErrorOptions = {}): EnrolmentError {
  return new EnrolmentError('ERR_ENROLMENT_REFUSED', 'the enrolment was refused', {
    cause: new Error(reason, options),
  });
}

function sha256(data: Uint8Array | string): Buffer {
  return hash('sha256', data, 'buffer');
}
