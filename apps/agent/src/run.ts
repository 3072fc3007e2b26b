import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { createCollectors } from './collectors/index.ts';
import type { AgentConfig } from './config.ts';
import { createReports } from './report.ts';
import { sendSpool } from './send.ts';
import { openLink } from './server-link.ts';
import { Spool } from './spool.ts';
import { readAgentState } from './state.ts';
import { AGENT_VERSION } from './version.ts';

export interface RunOptions {
  readonly stateDir: string;
  readonly config: AgentConfig;
  readonly log: Logger;
  /** Ends the run, once what waits has had a moment to leave. */
  readonly signal: AbortSignal;
  /** Called for each report that the server has acknowledged: it is durable there. */
  readonly onReport?: (report: { readonly sequence: number }) => void;
}

/** A clock that differs by less is taken as it is: the way to the server takes time too. */
const CLOCK_TOLERANCE_MS = 2000;
/** The first reading has no rates; the second comes this soon, so that the page fills at once. */
const FIRST_READING_MS = 1000;
/** How long what waits may still be sent after the run was ended. */
const FAREWELL_MS = 1500;

/**
 * Reports this machine until told to stop.
 *
 * @throws AgentError ERR_AGENT_REVOKED, ERR_AGENT_STATE
 */
export async function runAgent({ stateDir, config, log, signal, onReport }: RunOptions): Promise<void> {
  const state = await readAgentState(stateDir);
  const ca = config.caFile === undefined ? state.caCertificate : await readFile(config.caFile, 'utf8');
  if (!config.verifySsl) {
    log.warn({ event: 'tls.unverified' }, 'verify_ssl is false: reports are sealed, but anybody may stand in the way');
  }
  // The configuration's address rules: the server may have moved, and its key is pinned wherever it is.
  const link = openLink(config.serverUrl, { ca, verify: config.verifySsl });
  const collectors = createCollectors({ agentVersion: AGENT_VERSION, disabled: [...config.disabledCollectors] });
  const reports = createReports(state);
  const spool = new Spool();
  let intervalMs = (config.intervalSeconds ?? state.intervalSeconds) * 1000;
  let clockOffsetMs = 0;
  let reported = { dropped: 0, failures: '' };

  const sending = {
    link,
    token: state.apiToken,
    spool,
    reports,
    log,
    onAcknowledged(acknowledgement: { serverTime: number; intervalSeconds: number; sequence: number }, sentAt: number) {
      const offset = acknowledgement.serverTime - (sentAt + Date.now()) / 2;
      clockOffsetMs = Math.abs(offset) > CLOCK_TOLERANCE_MS ? Math.round(offset) : 0;
      intervalMs = (config.intervalSeconds ?? acknowledgement.intervalSeconds) * 1000;
      onReport?.({ sequence: acknowledgement.sequence });
    },
  };

  const fatal = new AbortController();
  const stop = AbortSignal.any([signal, fatal.signal]);
  let failure: unknown;
  let isSending = false;
  const send = () => {
    if (isSending) return;
    isSending = true;
    sendSpool(sending, stop)
      .catch((error: unknown) => {
        failure = error;
        fatal.abort();
      })
      .finally(() => {
        isSending = false;
      });
  };

  try {
    await collectors.collect();
    await sleep(FIRST_READING_MS, undefined, { signal: stop });
    let due = performance.now();
    while (!stop.aborted) {
      const reading = await collectors.collect();
      for (const frame of reports.seal(reading, Date.now() + clockOffsetMs, intervalMs)) spool.add(frame);
      send();
      reported = complain(reported);
      due = Math.max(due + intervalMs, performance.now());
      await sleep(due - performance.now(), undefined, { signal: stop });
    }
  } catch (error) {
    if (!stop.aborted) throw error;
  }

  if (failure === undefined) await sendSpool(sending, AbortSignal.timeout(FAREWELL_MS)).catch(() => {});
  link.close();
  if (failure !== undefined) throw failure;

  /** Once for each change, not with each report. */
  function complain(before: typeof reported): typeof reported {
    const failures = collectors.failures();
    const now = { dropped: spool.dropped, failures: JSON.stringify(failures) };
    if (now.dropped > before.dropped) {
      log.warn(
        { event: 'spool.dropped', dropped: now.dropped },
        'the oldest reports had to go: the server is away too long',
      );
    }
    if (now.failures !== before.failures && failures.length > 0) {
      log.warn({ event: 'collector.failed', failures }, 'some measurements are missing');
    }
    return now;
  }
}
