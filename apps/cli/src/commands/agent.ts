import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ensureDataDirectory, shellQuote, writePrivateFile } from '@bulwark/private-files';
import type { Command } from 'commander';
import type { Action } from '../action.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import type { Outcome } from '../exit-codes.ts';
import { createLog } from '../log.ts';

interface AgentOptions {
  readonly config?: string;
  readonly stateDir?: string;
  readonly tokenFile?: string;
  readonly logLevel: string;
}
interface EnrolOptions extends AgentOptions {
  readonly serverUrl?: string;
}

/** File in the state directory that `agent enroll --server-url` writes and `agent run` reads without --config. */
const CONFIG_NAME = 'agent.json';

/** `bulwark agent …` */
export function addAgentCommands(program: Command, action: Action): void {
  const agent = program.command('agent').description('report this machine to a server');
  const enrol = agent
    .command('enroll [token]')
    .description('enrol this machine with a one-time token, or with the key pair of its configuration')
    .option('--server-url <url>', 'server to enrol with, where it is not the one of the token')
    .action(action(enrolMachine));
  const run = agent.command('run').description('report until stopped').action(action(runMachine));
  for (const command of [enrol, run]) {
    command
      .option('--config <file>', `JSON file, mode 0600 (default: ${CONFIG_NAME} in the state directory)`)
      .option('--state-dir <dir>', "directory of the agent's own keys and spool")
      .option('--token-file <file>', 'read the token from a file, or from standard input with -')
      .option('--log-level <level>', 'least severe log lines to write', 'info');
  }
}

async function enrolMachine(options: EnrolOptions, context: Context, argument?: string): Promise<Outcome> {
  const { enrollAgent, hasAgentState, loadAgentConfig } = await import('@bulwark/agent');
  const stateDir = stateDirectory(options, context);
  if (await hasAgentState(stateDir)) {
    throw new CliError('failed', `this machine is enrolled already; its keys are in ${stateDir}`);
  }
  const token = argument ?? (await readToken(options, context));
  if (token === undefined && options.config === undefined) {
    throw new CliError('usage', 'give a TOKEN, --token-file FILE, or --config FILE with api_key and encryption_key');
  }
  const ownConfig = join(stateDir, CONFIG_NAME);
  if (options.serverUrl !== undefined) await writeAgentConfig(ownConfig, options.serverUrl);
  const file = options.config ?? (options.serverUrl === undefined ? undefined : ownConfig);
  const { serverUrl } = await enrollAgent({
    ...(token === undefined ? {} : { token }),
    ...(file === undefined ? {} : { config: await loadAgentConfig(file) }),
    stateDir,
    log: createLog('agent', options.logLevel, context.stderr),
  });
  // A token names its server, so that nothing else has to be written down to run.
  if (file === undefined) await writeAgentConfig(ownConfig, serverUrl);
  const flags = options.config === undefined ? '' : ` --config ${shellQuote(options.config)}`;
  const run = `bulwark agent run --state-dir ${shellQuote(stateDir)}${flags}`;
  context.output.say({ event: 'enrolled', stateDir }, `Enrolled with ${serverUrl}. Start reporting: ${run}`);
  return 'ok';
}

async function runMachine(options: AgentOptions, context: Context): Promise<Outcome> {
  const { enrollAgent, hasAgentState, loadAgentConfig, runAgent } = await import('@bulwark/agent');
  const stateDir = stateDirectory(options, context);
  const log = createLog('agent', options.logLevel, context.stderr);
  const config = await loadAgentConfig(options.config ?? join(stateDir, CONFIG_NAME));
  const token = await readToken(options, context);
  const signal = AbortSignal.any([context.stopSignal(), context.parentGone()]);
  if (!(await hasAgentState(stateDir))) {
    await enrollAgent({ ...(token === undefined ? {} : { token }), config, stateDir, log });
    context.output.say({ event: 'enrolled', stateDir }, 'This machine is enrolled.');
  }
  let reports = 0;
  await runAgent({
    stateDir,
    config,
    log,
    signal,
    onReport: ({ sequence }) => {
      reports += 1;
      context.output.say(
        { event: 'report', reports, sequence },
        reports === 1 ? 'The first report has arrived.' : undefined,
      );
    },
  });
  context.output.say({ event: 'stopped', reports }, 'Stopped.');
  return 'ok';
}

/** A token on the command line can be read by every user of the machine while the command runs; here it cannot. */
async function readToken({ tokenFile }: AgentOptions, { stdin }: Context): Promise<string | undefined> {
  if (tokenFile === undefined) return undefined;
  const content = tokenFile === '-' ? await text(stdin) : await readFile(tokenFile, 'utf8').catch(unreadable);
  const token = content.trim();
  if (token === '') throw new CliError('usage', 'the token file is empty');
  return token;
}

function unreadable(error: NodeJS.ErrnoException): never {
  throw new CliError('usage', `cannot read the token file (${error.code})`, { cause: error });
}

async function writeAgentConfig(file: string, serverUrl: string): Promise<void> {
  await ensureDataDirectory(dirname(file));
  await writePrivateFile(file, `${JSON.stringify({ server_url: serverUrl, verify_ssl: true }, null, 2)}\n`);
}

/** Root's services keep state in /var/lib; a user's in the XDG state directory. */
function stateDirectory({ stateDir }: AgentOptions, { env }: Context): string {
  if (stateDir !== undefined) return stateDir;
  if (process.geteuid?.() === 0) return '/var/lib/bulwark-agent';
  return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'bulwark-agent');
}
