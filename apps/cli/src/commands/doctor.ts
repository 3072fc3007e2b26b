import { join, resolve } from 'node:path';
import type { Check } from '@bulwark/server';
import type { Command } from 'commander';
import type { Action } from '../action.ts';
import type { Context } from '../context.ts';
import { exists } from '../exists.ts';
import type { Outcome } from '../exit-codes.ts';
import { reportChecks } from '../report-checks.ts';

interface Options {
  readonly config?: string;
  readonly dataDir?: string;
}

/** `bulwark doctor` */
export function addDoctorCommand(program: Command, action: Action): void {
  program
    .command('doctor')
    .description('check files, keys, certificate, database, server and agent of an installation')
    .option('--config <file>', 'configuration of `bulwark server`')
    .option('--data-dir <dir>', 'data directory of `bulwark up` (default: data)')
    .action(action(doctor));
}

async function doctor(options: Options, { env, output }: Context): Promise<Outcome> {
  const { runDoctor, DEVELOPMENT_CONFIG_FILE } = await import('@bulwark/server');
  const dataDir = resolve(options.dataDir ?? (env.BULWARK_SERVER_DATA_DIR || 'data'));
  const isUp = options.config === undefined;
  const checks: Check[] = await runDoctor({
    file: options.config ?? join(dataDir, DEVELOPMENT_CONFIG_FILE),
    env,
    flags: isUp || options.dataDir !== undefined ? { 'server.data_dir': dataDir } : {},
    production: env.NODE_ENV === 'production',
  });
  if (isUp && (await exists(join(dataDir, 'agent')))) checks.push(await checkAgent(join(dataDir, 'agent')));
  return reportChecks(checks, output);
}

async function checkAgent(stateDir: string): Promise<Check> {
  const { hasAgentState } = await import('@bulwark/agent');
  const head = { id: 'agent', title: 'Agent of this machine is enrolled' };
  if (await hasAgentState(stateDir)) return { ...head, state: 'ok', detail: `its keys are in ${stateDir}` };
  return { ...head, state: 'warning', detail: 'not enrolled', fix: 'start it: bulwark up' };
}
