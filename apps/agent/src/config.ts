import { readPrivateFile } from '@bulwark/private-files';
import { z } from 'zod';
import { AgentError } from './errors.ts';
import { parseKey } from './key-text.ts';

/** 32 bytes: base64 or base64url (44 or 43 characters) or 64 hex digits. */
const key = z.string().transform((text, context) => {
  const bytes = parseKey(text);
  if (bytes) return bytes;
  context.addIssue({ code: 'custom', message: '32 bytes in base64 or hex, as printed by: bulwark keys generate' });
  return z.NEVER;
});

const AgentConfigFile = z.strictObject({
  server_url: z.url({ protocol: /^https$/, error: 'an https:// address' }),
  api_key: z.string().min(1).max(512).optional(),
  encryption_key: key.optional(),
  verify_ssl: z.boolean().default(true),
  interval: z.number().int().min(1).max(3600).optional(),
  ca_file: z.string().min(1).optional(),
  disabled_collectors: z.array(z.string()).optional(),
});

/** An agent's configuration: what its owner decides. What it makes itself is in its state. */
export interface AgentConfig {
  readonly serverUrl: string;
  /** F2's pair, from a pre-configured package: good for enrolling, and for nothing else. */
  readonly pair: { readonly apiKey: string; readonly encryptionKey: Buffer } | undefined;
  /** false: any certificate will do. Reports stay sealed, but who listens sees that they are sent. */
  readonly verifySsl: boolean;
  /** Seconds between two reports; undefined leaves it to the server. */
  readonly intervalSeconds: number | undefined;
  /** Certificate authority to trust, PEM, besides the one learnt at enrolment. */
  readonly caFile: string | undefined;
  readonly disabledCollectors: readonly string[];
}

/**
 * Reads `{server_url, api_key, encryption_key, verify_ssl, interval}`; all but the first may be left out.
 *
 * @throws UnsafeFileError when the mode is wider than 0600
 * @throws AgentError ERR_AGENT_CONFIG naming every wrong setting and never a value
 */
export async function loadAgentConfig(file: string): Promise<AgentConfig> {
  const text = (await readPrivateFile(file)).toString('utf8');
  const parsed = AgentConfigFile.safeParse(parseJson(file, text));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`);
    throw new AgentError('ERR_AGENT_CONFIG', `${file}: ${problems.join('; ')}`);
  }
  const { data } = parsed;
  if ((data.api_key === undefined) !== (data.encryption_key === undefined)) {
    throw new AgentError('ERR_AGENT_CONFIG', `${file}: api_key and encryption_key go together`);
  }
  return {
    serverUrl: data.server_url.replace(/\/+$/, ''),
    pair:
      data.api_key !== undefined && data.encryption_key !== undefined
        ? { apiKey: data.api_key, encryptionKey: data.encryption_key }
        : undefined,
    verifySsl: data.verify_ssl,
    intervalSeconds: data.interval,
    caFile: data.ca_file,
    disabledCollectors: data.disabled_collectors ?? [],
  };
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the file, and with it perhaps a key.
    throw new AgentError('ERR_AGENT_CONFIG', `${file}: not JSON`);
  }
}
