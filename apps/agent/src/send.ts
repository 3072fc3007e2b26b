import { setTimeout as sleep } from 'node:timers/promises';
import { AGENT_PATHS, ApiError, CONTENT_TYPES, FrameAcknowledgement } from '@bulwark/protocol';
import type { Logger } from 'pino';
import { AgentError } from './errors.ts';
import type { Reports } from './report.ts';
import type { ServerAnswer, ServerLink } from './server-link.ts';
import type { Spool } from './spool.ts';

export interface SenderOptions {
  readonly link: ServerLink;
  readonly token: string;
  readonly spool: Spool;
  readonly reports: Reports;
  readonly log: Logger;
  readonly onAcknowledged: (acknowledgement: FrameAcknowledgement, sentAt: number) => void;
}

const BACKOFF_MIN_MS = 1000;
const BACKOFF_MAX_MS = 60_000;

/**
 * Sends the spool, oldest first and one at a time, until it is empty. A frame leaves the spool only when the server has
 * it, or will never take it.
 *
 * @throws AgentError ERR_AGENT_REVOKED
 */
export async function sendSpool(options: SenderOptions, signal: AbortSignal): Promise<void> {
  const { link, token, spool, log } = options;
  let failures = 0;
  for (let next = spool.first(); next && !signal.aborted; next = spool.first()) {
    const sentAt = Date.now();
    const answer = await link
      .post(AGENT_PATHS.ingest, next.frame, { contentType: CONTENT_TYPES.frame, token, signal })
      .catch((error: unknown) => unreachable(error, signal));
    if (answer === undefined) return;
    const verdict = answer instanceof AgentError ? 'later' : judge(answer);
    if (verdict === 'stored') {
      spool.removeFirst(next);
      failures = 0;
      const acknowledgement = parseAcknowledgement(answer);
      if (next.isReport && acknowledgement) options.onAcknowledged(acknowledgement, sentAt);
    } else if (verdict === 'dictionary') {
      const dictionary = options.reports.sealDictionary();
      if (dictionary) spool.addFirst(dictionary);
    } else if (verdict === 'never') {
      // Sending it again would only be refused again, and hold up all that come after it.
      log.error({ event: 'frame.given_up', code: codeOf(answer) }, 'the server will not take this report');
      spool.removeFirst(next);
      // It is this frame, or the server has other keys now; then the rest of the spool must not go the same way at once.
      failures += 1;
      await sleep(pauseMs(failures, answer), undefined, { signal }).catch(() => {});
    } else if (verdict === 'revoked') {
      throw new AgentError('ERR_AGENT_REVOKED', 'the server has revoked this agent: enrol this machine again');
    } else {
      if (failures === 0)
        log.warn({ event: 'send.delayed', ...reasonOf(answer) }, 'reports wait: the server cannot take them');
      failures += 1;
      await sleep(pauseMs(failures, answer), undefined, { signal }).catch(() => {});
    }
  }
}

type Verdict = 'stored' | 'dictionary' | 'never' | 'revoked' | 'later';

function judge(answer: ServerAnswer): Verdict {
  const { status } = answer;
  const code = codeOf(answer);
  if (status === 200 || code === 'ERR_FRAME_REPLAYED') return 'stored';
  if (code === 'ERR_DICTIONARY_NEEDED') return 'dictionary';
  if (code === 'ERR_AGENT_REVOKED') return 'revoked';
  // Only the server's own word that a frame is bad counts; a proxy's 400 may pass.
  return GIVE_UP.has(code ?? '') ? 'never' : 'later';
}

const GIVE_UP = new Set([
  'ERR_FRAME_FORMAT',
  'ERR_FRAME_VERSION',
  'ERR_FRAME_OPEN',
  'ERR_FRAME_TOO_LARGE',
  'ERR_BATCH_INVALID',
]);

/** Full jitter, so that a fleet does not come back all at once; never sooner than the server asks. */
function pauseMs(failures: number, answer: ServerAnswer | AgentError): number {
  const most = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** failures);
  const least = answer instanceof AgentError ? 0 : (answer.retryAfterSeconds ?? 0) * 1000;
  return least + Math.random() * most;
}

function unreachable(error: unknown, signal: AbortSignal): AgentError | undefined {
  if (signal.aborted) return undefined;
  if (error instanceof AgentError) return error;
  throw error;
}

function parseAcknowledgement(answer: ServerAnswer | AgentError): FrameAcknowledgement | undefined {
  return answer instanceof AgentError ? undefined : FrameAcknowledgement.safeParse(parseJson(answer.body)).data;
}

function codeOf(answer: ServerAnswer | AgentError): string | undefined {
  if (answer instanceof AgentError) return answer.code;
  return ApiError.safeParse(parseJson(answer.body)).data?.error.code;
}

function reasonOf(answer: ServerAnswer | AgentError): Record<string, unknown> {
  return answer instanceof AgentError ? { reason: answer.message } : { status: answer.status, code: codeOf(answer) };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
