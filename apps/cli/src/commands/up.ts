import { isIPv6 } from 'node:net';
import { join, resolve } from 'node:path';
import { ensureDataDirectory, writePrivateFile } from '@bulwark/private-files';
import type { Config, RunningServer } from '@bulwark/server';
import { checkSettingTexts } from '@bulwark/server/settings';
import type { Command } from 'commander';
import type { Action } from '../action.ts';
import { ensureConsole } from '../console-files.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import type { Outcome } from '../exit-codes.ts';
import { explainListenError } from '../listen-error.ts';
import { type AgentEvent, type LocalAgent, startLocalAgent } from '../local-agent.ts';
import { createLog } from '../log.ts';
import { addSettingOptions, settingTexts } from '../setting-options.ts';
import { startScreen } from '../start-screen.ts';
import { aborted } from '../stop-signal.ts';

interface Options extends Record<string, unknown> {
  readonly agent: boolean;
}

/** Longest that closing the server may take, so that Ctrl-C ends within 5 s together with the agent's 2 s. */
const CLOSE_MS = 2500;

/** `bulwark up`, which `npm start` runs */
export function addUpCommand(program: Command, action: Action): void {
  const command = program
    .command('up')
    .description('try everything here and now: a server with keys of its own, and an agent for this machine')
    .option('--no-agent', 'without an agent for this machine')
    .action(action(up));
  addSettingOptions(command, { short: true });
}

async function up(options: Options, context: Context): Promise<Outcome> {
  const server = await import('@bulwark/server');
  const { env, output } = context;
  if (env.NODE_ENV === 'production') {
    const reason = '`bulwark up` makes keys and a certificate by itself, which production does not want';
    throw new CliError('configuration', `${reason}; use: bulwark server --config FILE`);
  }
  const stop = context.stopSignal();
  const flags = settingTexts(options);
  checkSettingTexts(flags); // before anything is made
  const dataDir = resolve(flags['server.data_dir'] ?? (env.BULWARK_SERVER_DATA_DIR || 'data'));
  await ensureDataDirectory(dataDir);
  const lock = await server.lockDataDirectory(dataDir);
  try {
    const prepared = await server.prepareDataDirectory(dataDir, flags);
    for (const what of prepared.created) output.say({ event: 'created', what }, `Made the ${what}`);
    const config = await server.loadConfig({
      file: prepared.configFile,
      env,
      flags: { ...flags, 'server.data_dir': dataDir },
      // The screen says what people need; --json is for machines, which filter for themselves.
      defaults: output.isJson ? {} : { 'log.level': 'warn' },
      production: false,
    });
    const certificate = await server.ensureConfiguredDevelopmentCertificate(config);
    const consoleDir = await ensureConsole(env, () => output.say({ event: 'building' }, 'Building the console …'));
    const running = await server
      .startServer({
        config,
        log: createLog('server', config.log.level, context.stderr),
        ...(consoleDir === undefined ? {} : { consoleDir }),
      })
      .catch((error: unknown) => {
        throw explainListenError(error, config);
      });
    return await serve({ running, config, caFile: certificate?.caFile }, options.agent, context, stop);
  } finally {
    await lock.release();
  }
}

/** A server that listens, and what was made for it. */
interface Started {
  readonly running: RunningServer;
  readonly config: Config;
  /** The authority of its development certificate; undefined when it has a certificate of its own. */
  readonly caFile: string | undefined;
}

async function serve(started: Started, withAgent: boolean, context: Context, stop: AbortSignal): Promise<Outcome> {
  const { running, config, caFile } = started;
  const { output } = context;
  const { layers, setupUrl } = running;
  const facts = { url: config.server.publicUrl, dataDir: config.server.dataDir, layers, setupUrl, caFile };
  let agent: LocalAgent | undefined;
  try {
    output.say({ event: 'started', ...facts }, startScreen(facts));
    agent = withAgent ? await startAgent(started, context) : undefined;
    await aborted(stop);
    output.say({ event: 'stopping' }, '\nStopping …');
  } finally {
    // First the agent, so that its last report is still taken.
    await agent?.stop();
    await closeInTime(running);
  }
  output.say({ event: 'stopped' }, 'Stopped.');
  return 'ok';
}

/** Where an agent on this machine reaches the server: what it listens on, under a name that its certificate has. */
function localUrl({ server }: Config, caFile: string | undefined): string {
  if (caFile === undefined) return server.publicUrl;
  const isEverywhere = server.host === '0.0.0.0' || server.host === '::';
  const host = isEverywhere ? 'localhost' : server.host;
  return `https://${isIPv6(host) ? `[${host}]` : host}:${server.port}`;
}

async function startAgent({ running, config, caFile }: Started, context: Context): Promise<LocalAgent> {
  const { hasAgentState } = await import('@bulwark/agent');
  const stateDir = join(config.server.dataDir, 'agent');
  const configFile = join(stateDir, 'agent.json');
  await ensureDataDirectory(stateDir);
  // Written at each start: port and authority may be others now.
  const content = {
    server_url: localUrl(config, caFile),
    verify_ssl: true,
    interval: config.server.interval,
    ca_file: caFile,
  };
  await writePrivateFile(configFile, `${JSON.stringify(content, null, 2)}\n`);
  return startLocalAgent({
    configFile,
    stateDir,
    logLevel: config.log.level,
    env: context.env,
    enrolmentToken: async () => ((await hasAgentState(stateDir)) ? undefined : running.createEnrolmentToken()),
    onEvent: (event) => context.output.say({ ...event, source: 'agent' }, agentText(event)),
  });
}

function agentText({ event, reports, code, message }: AgentEvent): string | undefined {
  if (event === 'enrolled') return 'Agent: this machine is enrolled.';
  if (event === 'report' && reports === 1) return 'Agent: the first report has arrived.';
  if (event === 'error') return `Agent: ${message}`;
  if (event === 'agent-exited') return `Agent: ended with code ${code ?? 'none'}; it is started again.`;
  return undefined;
}

async function closeInTime(running: RunningServer): Promise<void> {
  const late = Symbol('late');
  const timeout = new Promise<symbol>((resolve) => {
    setTimeout(() => resolve(late), CLOSE_MS).unref();
  });
  if ((await Promise.race([running.close(), timeout])) === late) {
    throw new CliError('failed', `the server did not close within ${CLOSE_MS / 1000} s`);
  }
}
