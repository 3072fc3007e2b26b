import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import {
  agree,
  decodeBase64Url,
  encodeBase64Url,
  generateAgreementKeyPair,
  generateSigningKeyPair,
  pae,
  randomBytes,
  sign,
} from '@bulwark/crypto';
import { AGENT_PATHS, CONTENT_TYPES, EnrolmentAnswer, EnrolmentKey, type EnrolmentRequest } from '@bulwark/protocol';
import { isServerKeyProved, openEnrolmentAnswer, parseEnrolmentToken, sealEnrolmentRequest } from '@bulwark/telemetry';
import type { Logger } from 'pino';
import type { AgentConfig } from './config.ts';
import { AgentError } from './errors.ts';
import { openLink, type ServerLink } from './server-link.ts';
import { type AgentState, writeAgentState } from './state.ts';

export interface EnrolOptions {
  /** One-time token; without it the configuration's key pair is used. */
  readonly token?: string;
  readonly config?: AgentConfig;
  readonly stateDir: string;
  readonly log: Logger;
}

/** How this agent proves that it may enrol, and how it knows the server. */
interface Introduction {
  readonly serverUrl: string;
  readonly serverKey: Buffer;
  readonly credential: EnrolmentRequest['credential'];
}

/**
 * Makes the agent's own keys and has the server take them; what comes of it is written to the state directory.
 *
 * Request and answer are sealed between the agent's and the server's keys, and the server's key is known beforehand (in
 * the token) or proved (with the package's key). So this is safe over any TLS, and learns which TLS to trust later.
 *
 * @throws AgentError ERR_ENROLMENT_REFUSED, ERR_SERVER_UNTRUSTED, ERR_SERVER_UNREACHABLE, ERR_NOT_ENROLLED
 */
export async function enrollAgent({ token, config, stateDir, log }: EnrolOptions): Promise<AgentState> {
  const serverUrl = token === undefined ? config?.serverUrl : parseEnrolmentToken(token).serverUrl;
  if (serverUrl === undefined) throw nothingToEnrolWith();
  const ca = config?.caFile === undefined ? null : await readFile(config.caFile, 'utf8');
  const link = openLink(config?.serverUrl ?? serverUrl, { ca, verify: false });
  try {
    const introduction = token === undefined ? await introduceByPair(link, config) : introduceByToken(token, config);
    const state = await enrol(link, introduction);
    await writeAgentState(stateDir, state);
    log.info({ event: 'enrolled', agent: state.agentId, server: state.serverUrl }, 'this machine is enrolled');
    return state;
  } finally {
    link.close();
  }
}

function introduceByToken(token: string, config: AgentConfig | undefined): Introduction {
  const { secret, serverKey, serverUrl } = parseEnrolmentToken(token);
  return {
    // The same server may have another name here than where the token was made.
    serverUrl: config?.serverUrl ?? serverUrl,
    serverKey: Buffer.from(serverKey),
    credential: { kind: 'token', secret: encodeBase64Url(secret) },
  };
}

async function introduceByPair(link: ServerLink, config: AgentConfig | undefined): Promise<Introduction> {
  if (!config?.pair) throw nothingToEnrolWith();
  const { apiKey, encryptionKey } = config.pair;
  const nonce = randomBytes(32);
  const answer = await link.get(`${AGENT_PATHS.enrolmentKey}?nonce=${encodeBase64Url(nonce)}`);
  const parsed = EnrolmentKey.safeParse(parseJson(answer.body));
  if (answer.status !== 200 || !parsed.success) {
    throw new AgentError(
      'ERR_SERVER_UNREACHABLE',
      `${config.serverUrl} answered ${answer.status}: is it a Bulwark server?`,
    );
  }
  const serverKey = decodeBase64Url(parsed.data.serverKey);
  if (!isServerKeyProved(encryptionKey, nonce, serverKey, decodeBase64Url(parsed.data.proof))) {
    throw new AgentError(
      'ERR_SERVER_UNTRUSTED',
      `${config.serverUrl} does not hold this configuration's encryption_key: nothing was sent to it`,
    );
  }
  return { serverUrl: config.serverUrl, serverKey, credential: { kind: 'key', apiKey } };
}

async function enrol(link: ServerLink, { serverUrl, serverKey, credential }: Introduction): Promise<AgentState> {
  const agreement = generateAgreementKeyPair();
  const signing = generateSigningKeyPair();
  const nonce = randomBytes(32);
  const request: EnrolmentRequest = {
    credential,
    agreementKey: encodeBase64Url(agreement.publicKey),
    signingKey: encodeBase64Url(signing.publicKey),
    signature: encodeBase64Url(sign(signing.privateKey, pae('bw1/enrolment', agreement.publicKey, nonce))),
    nonce: encodeBase64Url(nonce),
    hostname: hostname().slice(0, 256),
  };
  const sealed = sealEnrolmentRequest(serverKey, Buffer.from(JSON.stringify(request)));
  const { status, body } = await link.post(AGENT_PATHS.enrol, sealed, { contentType: CONTENT_TYPES.enrolment });
  if (status === 403 || status === 409) {
    throw new AgentError(
      'ERR_ENROLMENT_REFUSED',
      `${serverUrl} refused the enrolment: a token works once, within 24 hours; make a new one on the fleet page`,
    );
  }
  if (status !== 201) throw new AgentError('ERR_SERVER_UNREACHABLE', `${serverUrl} answered ${status}`);

  const answer = openAnswer(agree(agreement.privateKey, serverKey), nonce, body);
  return {
    agentId: answer.agentId,
    serverUrl,
    apiToken: answer.apiToken,
    keyEpoch: answer.keyEpoch,
    intervalSeconds: answer.intervalSeconds,
    agreementKey: agreement.privateKey,
    signingKey: signing.privateKey,
    serverKey,
    caCertificate: answer.caCertificate,
  };
}

function openAnswer(sharedSecret: Buffer, nonce: Buffer, body: Buffer): EnrolmentAnswer {
  try {
    return EnrolmentAnswer.parse(parseJson(openEnrolmentAnswer(sharedSecret, nonce, body)));
  } catch (cause) {
    throw new AgentError('ERR_SERVER_UNTRUSTED', 'the answer to the enrolment is not from the server of the token', {
      cause,
    });
  }
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function nothingToEnrolWith(): AgentError {
  return new AgentError('ERR_NOT_ENROLLED', 'give a token, or a configuration with api_key and encryption_key');
}
