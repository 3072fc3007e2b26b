import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Context } from './context.ts';

const CLI = fileURLToPath(new URL('../bin/bulwark.mjs', import.meta.url));
/** How long an agent may take to send what it has before it is killed. */
const STOP_MS = 2000;
const RESTART_MIN_MS = 1000;
const RESTART_MAX_MS = 60_000;

/** The agent of this machine, in a process of its own: it sees of the server only what any agent sees. */
export interface LocalAgent {
  stop(): Promise<void>;
}

/** What the agent said with --json, or that it ended by itself: `agent-exited`. */
export interface AgentEvent {
  readonly event: string;
  readonly reports?: number;
  /** Exit code of `agent-exited`. */
  readonly code?: number | string | null;
  /** What an `error` says. */
  readonly message?: string;
}

export interface LocalAgentOptions {
  readonly configFile: string;
  readonly stateDir: string;
  readonly logLevel: string;
  readonly env: Context['env'];
  /** A one-time token, when this agent has not enrolled yet. */
  readonly enrolmentToken: () => Promise<string | undefined>;
  readonly onEvent: (event: AgentEvent) => void;
}

/** Starts the agent, and starts it again (with growing pauses) whenever it ends by itself. */
export function startLocalAgent(options: LocalAgentOptions): LocalAgent {
  const stopping = new AbortController();
  let child: ChildProcess | undefined;

  async function keepRunning(): Promise<void> {
    for (let pause = RESTART_MIN_MS; !stopping.signal.aborted; pause = Math.min(2 * pause, RESTART_MAX_MS)) {
      const startedAt = Date.now();
      const token = await options.enrolmentToken();
      if (stopping.signal.aborted) return;
      child = spawnAgent(options, token);
      const exited = once(child, 'exit');
      const code = await exited.then(
        ([exitCode]) => exitCode as number | null,
        () => null,
      );
      if (stopping.signal.aborted) return;
      options.onEvent({ event: 'agent-exited', code });
      if (Date.now() - startedAt > RESTART_MAX_MS) pause = RESTART_MIN_MS;
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }
  const running = keepRunning();

  return {
    async stop() {
      stopping.abort();
      child?.kill('SIGTERM');
      const patience = sleep(STOP_MS, 'late', { ref: false });
      if ((await Promise.race([running, patience])) === 'late') {
        child?.kill('SIGKILL');
        await running;
      }
    },
  };
}

function spawnAgent(options: LocalAgentOptions, token: string | undefined): ChildProcess {
  const { configFile, stateDir, logLevel, env, onEvent } = options;
  const args = ['agent', 'run', '--json', '--config', configFile, '--state-dir', stateDir, '--log-level', logLevel];
  if (token !== undefined) args.push('--token-file', '-');
  // Nothing else of our environment: it may hold the server's keys. The channel ends the agent with us.
  const { PATH, HOME, LANG, TZ } = env;
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { PATH, HOME, LANG, TZ },
    stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
  });
  child.on('error', () => {}); // seen by `once` above
  child.stdin?.on('error', () => {}); // it ended before it read
  child.stdin?.end(token);
  if (child.stdout) {
    createInterface(child.stdout).on('line', (line) => {
      const event: unknown = JSON.parse(line);
      if (typeof event === 'object' && event !== null && 'event' in event) onEvent(event as AgentEvent);
    });
  }
  return child;
}
