import type { FieldsConfig, JobReport, MigrateOptions, OpenedFields, PaceOptions } from '@bulwark/fields/jobs';
import { KeyringError } from '@bulwark/keyring';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import type { Outcome } from '../../exit-codes.ts';
import { jobTeller } from './job-teller.ts';
import { type ConfigOptions, loadConfig } from './load-config.ts';

/** Options of commands that walk over tables. */
export interface JobOptions extends ConfigOptions, PaceOptions {
  /** Nothing is written, nor how far it is. */
  readonly dryRun?: boolean;
}

/** Runs jobs. @returns Their reports. */
export type RunJobs = (opened: OpenedFields, how: MigrateOptions) => Promise<readonly JobReport[]>;

/**
 * Runs jobs on an application's tables: shows how far they are, stops in order, and says how they came out.
 *
 * @param plan Finds what is asked for among what is declared, before anything is opened.
 */
export async function runJobs(
  { config: file, ...how }: JobOptions,
  context: Context,
  plan: (config: FieldsConfig) => RunJobs,
): Promise<Outcome> {
  const config = await loadConfig(file === undefined ? {} : { config: file });
  const run = plan(config);
  const signal = context.stopSignal();
  const teller = jobTeller(context);
  try {
    await using opened = await config.open();
    const { onProgress, onPhase } = teller;
    const leaseMs = config.leaseMs === undefined ? {} : { leaseMs: config.leaseMs };
    const reports = await run(opened, { ...how, ...leaseMs, signal, onProgress, onPhase });
    for (const report of reports) teller.report(report);
    return reports.some(({ problemCount }) => problemCount > 0) ? 'checksFailed' : 'ok';
  } catch (error) {
    teller.clear();
    throw explained(error, signal, how);
  }
}

function explained(error: unknown, signal: AbortSignal, { dryRun = false }: JobOptions): unknown {
  if (!(error instanceof Error)) return error;
  const goesOn = dryRun ? 'running it again begins anew' : 'running it again goes on from there';
  if (signal.aborted && error.name === 'AbortError') {
    return new CliError('interrupted', `stopped; ${goesOn}`, { cause: error });
  }
  if (!('code' in error && error.code === 'ERR_KEY_UNAVAILABLE')) return error;
  return new KeyringError('ERR_KEY_UNAVAILABLE', `${error.message}; once it does, ${goesOn}`, { cause: error.cause });
}
