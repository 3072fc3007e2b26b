import {
  agree,
  encodeBase64Url,
  generateAgreementKeyPair,
  generateSigningKeyPair,
  pae,
  randomBytes,
  sign,
} from '@bulwark/crypto';
import {
  AGENT_PATHS,
  CONTENT_TYPES,
  EnrolmentAnswer,
  type EnrolmentRequest,
  METRICS,
  type MetricName,
  uuidBytes,
} from '@bulwark/protocol';
import {
  createDictionary,
  createFrameSealer,
  encodeBatch,
  type FrameSealer,
  openEnrolmentAnswer,
  parseEnrolmentToken,
  sealEnrolmentRequest,
} from '@bulwark/telemetry';
import type { Call, HttpAnswer } from './https-caller.ts';

/** Values by metric and instance: `{ 'cpu.total': 12.5, 'disk.percent /': 40 }`. */
export type Values = Record<string, number | null>;

/** An agent as a test wants one: it says exactly what it is told to say. */
export interface SimulatedAgent {
  readonly id: string;
  readonly apiToken: string;
  readonly sharedSecret: Buffer;
  /** A new boot id and with it a new key; frames count from 0 again. */
  restart(): void;
  sealer(): FrameSealer;
  sealReport(values: Values, options?: { time?: number; states?: Record<string, unknown> }): Buffer;
  sealDictionary(values: Values): Buffer;
  send(frame: Uint8Array, options?: { token?: string; contentType?: string }): Promise<HttpAnswer>;
  /** Dictionary first where it is new, then the report. @returns the answer to the report */
  report(values: Values, options?: { time?: number; states?: Record<string, unknown> }): Promise<HttpAnswer>;
}

export const VALUES: Values = { 'cpu.total': 12.5, 'memory.percent': 40, 'disk.percent /': 71.2, uptime: 1000 };

export interface EnrolAnswer {
  readonly answer: HttpAnswer;
  readonly agreementKey: Buffer;
  readonly nonce: Buffer;
}

export async function askToEnrol(call: Call, token: string, hostname: string): Promise<EnrolAnswer> {
  const { secret, serverKey } = parseEnrolmentToken(token);
  return askWith(call, Buffer.from(serverKey), { kind: 'token', secret: encodeBase64Url(secret) }, hostname);
}

export async function askWith(
  call: Call,
  serverKey: Buffer,
  credential: EnrolmentRequest['credential'],
  hostname: string,
): Promise<EnrolAnswer> {
  const agreement = generateAgreementKeyPair();
  const signing = generateSigningKeyPair();
  const nonce = randomBytes(32);
  const request: EnrolmentRequest = {
    credential,
    agreementKey: encodeBase64Url(agreement.publicKey),
    signingKey: encodeBase64Url(signing.publicKey),
    signature: encodeBase64Url(sign(signing.privateKey, pae('bw1/enrolment', agreement.publicKey, nonce))),
    nonce: encodeBase64Url(nonce),
    hostname,
  };
  const answer = await call(AGENT_PATHS.enrol, {
    method: 'POST',
    headers: { 'content-type': CONTENT_TYPES.enrolment },
    body: sealEnrolmentRequest(serverKey, Buffer.from(JSON.stringify(request))),
  });
  return { answer, agreementKey: agreement.privateKey, nonce };
}

export async function enrolSimulatedAgent(call: Call, token: string, hostname = 'web-1'): Promise<SimulatedAgent> {
  const { serverKey } = parseEnrolmentToken(token);
  const { answer, agreementKey, nonce } = await askToEnrol(call, token, hostname);
  if (answer.status !== 201) throw new Error(`enrolling answered ${answer.status}: ${answer.body}`);
  const shared = agree(agreementKey, serverKey);
  const { agentId, apiToken } = EnrolmentAnswer.parse(
    JSON.parse(openEnrolmentAnswer(shared, nonce, answer.body).toString('utf8')),
  );
  return simulate(call, agentId, apiToken, shared);
}

function simulate(call: Call, id: string, apiToken: string, sharedSecret: Buffer): SimulatedAgent {
  const startBoot = () =>
    createFrameSealer(sharedSecret, { agentId: uuidBytes(id), keyEpoch: 1, bootId: randomBytes(16) });
  let sealer = startBoot();
  let sentDictionary = '';

  const agent: SimulatedAgent = {
    id,
    apiToken,
    sharedSecret,
    restart() {
      sealer = startBoot();
      sentDictionary = '';
    },
    sealer: () => sealer,
    sealReport(values, { time = Date.now(), states } = {}) {
      const batch = encodeBatch(dictionaryOf(values), {
        startMs: time,
        stepMs: 1000,
        points: 1,
        columns: Object.values(values).map((value) => [value]),
        ...(states && { states }),
      });
      return sealer.seal('batch', batch);
    },
    sealDictionary: (values) => sealer.seal('dictionary', dictionaryOf(values).bytes),
    send: (frame, { token = apiToken, contentType = CONTENT_TYPES.frame } = {}) =>
      call(AGENT_PATHS.ingest, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': contentType },
        body: frame,
      }),
    async report(values, options) {
      const key = Object.keys(values).join();
      const frame = key === sentDictionary ? agent.sealReport(values, options) : undefined;
      const answer = frame && (await agent.send(frame));
      if (answer && answer.status !== 424) return answer;
      // A new dictionary, or a server that has forgotten it.
      await agent.send(agent.sealDictionary(values));
      sentDictionary = key;
      return agent.send(frame ?? agent.sealReport(values, options));
    },
  };
  return agent;
}

function dictionaryOf(values: Values) {
  return createDictionary(
    Object.keys(values).map((key) => {
      const [metric = '', ...instance] = key.split(' ');
      return { metric, instance: instance.join(' '), scale: METRICS[metric as MetricName]?.scale ?? 1 };
    }),
  );
}
