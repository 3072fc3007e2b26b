import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeBase64Url, encodeBase64Url } from '@bulwark/crypto';
import { ensureDataDirectory, readPrivateFile, writePrivateFile } from '@bulwark/private-files';
import { z } from 'zod';
import { AgentError } from './errors.ts';

/** What an agent made or learnt when it enrolled. Its private keys never leave it. */
export interface AgentState {
  readonly agentId: string;
  readonly serverUrl: string;
  readonly apiToken: string;
  readonly keyEpoch: number;
  readonly intervalSeconds: number;
  /** X25519 and Ed25519, private halves. */
  readonly agreementKey: Buffer;
  readonly signingKey: Buffer;
  /** The server's ingest key, X25519, pinned when the agent enrolled. */
  readonly serverKey: Buffer;
  /** Authority of the server's certificate, PEM; null where the system knows it. */
  readonly caCertificate: string | null;
}

const STATE_FILE = 'agent-state.json';

const key = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/)
  .transform((text) => decodeBase64Url(text));

const StateFile = z.strictObject({
  version: z.literal(1),
  agentId: z.uuid(),
  serverUrl: z.string(),
  apiToken: z.string(),
  keyEpoch: z.number().int().positive(),
  intervalSeconds: z.number().int().positive(),
  agreementKey: key,
  signingKey: key,
  serverKey: key,
  caCertificate: z.string().nullable(),
});

export async function hasAgentState(stateDir: string): Promise<boolean> {
  return access(join(stateDir, STATE_FILE)).then(
    () => true,
    () => false,
  );
}

/** @throws UnsafeFileError, AgentError ERR_AGENT_STATE */
export async function readAgentState(stateDir: string): Promise<AgentState> {
  const file = join(stateDir, STATE_FILE);
  const text = (await readPrivateFile(file)).toString('utf8');
  try {
    const { version: _, ...state } = StateFile.parse(JSON.parse(text));
    return state;
  } catch {
    // Without a cause: it would quote the file, and the file is all secrets.
    throw new AgentError('ERR_AGENT_STATE', `${file} is damaged: remove it and enrol this machine again`);
  }
}

/** Atomic and durable, 0600 in a directory of mode 0700. */
export async function writeAgentState(stateDir: string, state: AgentState): Promise<void> {
  await ensureDataDirectory(stateDir);
  const content = {
    version: 1,
    ...state,
    agreementKey: encodeBase64Url(state.agreementKey),
    signingKey: encodeBase64Url(state.signingKey),
    serverKey: encodeBase64Url(state.serverKey),
  };
  await writePrivateFile(join(stateDir, STATE_FILE), `${JSON.stringify(content, null, 2)}\n`);
}
