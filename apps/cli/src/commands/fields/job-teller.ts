import type { Phase } from '@bulwark/fields';
import type { JobProgress, JobReport, RowProblem } from '@bulwark/fields/jobs';
import type { Context } from '../../context.ts';
import { countText, progressBar } from '../../progress-bar.ts';

/** Says how jobs go. */
export interface JobTeller {
  readonly onProgress: (progress: JobProgress) => void;
  readonly onPhase: (field: string, phase: Phase) => void;
  /** Says what a job came to. */
  report(report: VerifyOrJobReport): void;
  /** Takes the progress bar away. */
  clear(): void;
}

type VerifyOrJobReport = JobReport & {
  readonly counts?: {
    readonly sealed: number;
    readonly stale: number;
    readonly legacy: number;
    readonly empty: number;
  };
};

/** How often `progress` is said with --json, beside the end of each job. */
const EVENT_INTERVAL_MS = 1000;

/** What is wrong with a value, by code. */
const PROBLEMS: Readonly<Record<string, string>> = {
  ERR_DRIFT: 'the plain column holds something else',
  ERR_INDEX_WRONG: 'the blind index is not that of the value',
  ERR_KEY_COMPROMISED: 'its key is compromised',
  ERR_KEY_DESTROYED: 'its key was destroyed',
  ERR_NOT_SEALED: 'it is not encrypted',
  ERR_OPEN_FAILED: 'it was altered or moved, or its key is not here',
  ERR_ROW_BUSY: 'others kept changing the row; run this again',
  ERR_VALUE_LOOKS_SEALED: 'its plain text looks like an encrypted value',
  ERR_VALUE_TYPE: 'its plain text is more than the type of the field can keep',
};

/** Tells people with a bar and lines, and programs with events. */
export function jobTeller({ output, stderr }: Context): JobTeller {
  const bar = progressBar(stderr, !output.isJson, countText);
  let saidAt = Number.NEGATIVE_INFINITY;
  return {
    clear: bar.clear,

    onProgress(progress) {
      const { job, done, total, rowsPerSecond, secondsLeft, isFinished } = progress;
      if (isFinished) bar.clear();
      else bar.show(job, { done, total, perSecond: rowsPerSecond, secondsLeft: secondsLeft ?? undefined });
      if (!output.isJson || (!isFinished && Date.now() - saidAt < EVENT_INTERVAL_MS)) return;
      saidAt = Date.now();
      output.say({ event: 'progress', ...progress });
    },

    onPhase(field, phase) {
      bar.clear();
      output.say({ event: 'phase', field, phase }, `${field} is ${phase} now.`);
    },

    report({ problems, ...report }) {
      bar.clear();
      for (const problem of problems) {
        output.complain({ event: 'problem', job: report.job, ...problem }, problemText(report.job, problem));
      }
      output.say({ event: 'job', ...report }, reportText({ problems, ...report }));
    },
  };
}

function problemText(job: string, { id, field, code }: RowProblem): string {
  const what = PROBLEMS[code];
  return `${job}: ${field} of ${JSON.stringify(id)}: ${what === undefined ? code : `${what} (${code})`}`;
}

function reportText(report: VerifyOrJobReport): string {
  const { job, done, changed, seconds, isDryRun, problemCount, problems, counts } = report;
  const unlisted = problemCount - problems.length;
  return [
    `${job}  ${many(done, 'row')}`,
    counts ? valuesText(counts) : `${countText(changed)} ${isDryRun ? 'would be changed' : 'changed'}`,
    `${many(problemCount, 'problem')}${unlisted > 0 ? `, ${countText(unlisted)} of them not listed` : ''}`,
    `${seconds.toFixed(1)} s`,
  ].join('; ');
}

function valuesText({ sealed, stale, legacy, empty }: NonNullable<VerifyOrJobReport['counts']>): string {
  const [current, old, foreign, none] = [sealed, stale, legacy, empty].map(countText);
  return `values: ${current} sealed, ${old} to be sealed anew, ${foreign} not sealed here, ${none} empty`;
}

function many(count: number, what: string): string {
  return `${countText(count)} ${what}${count === 1 ? '' : 's'}`;
}
