import type { Check } from '@bulwark/server';
import type { Outcome } from './exit-codes.ts';
import type { Output } from './output.ts';

/** Says how checks came out, and how many of each there were. */
export function reportChecks(checks: readonly Check[], output: Output): Outcome {
  for (const check of checks) output.say({ event: 'check', ...check }, lineOf(check));
  const count = (state: Check['state']) => checks.filter((check) => check.state === state).length;
  const [ok, warnings, failed] = [count('ok'), count('warning'), count('failed')];
  output.say({ event: 'summary', ok, warnings, failed }, `\n${ok} ok, ${warnings} warnings, ${failed} failed`);
  return failed > 0 ? 'checksFailed' : 'ok';
}

function lineOf({ state, title, detail, fix }: Check): string {
  return `${state.padEnd(7)}  ${title}: ${detail}${fix === undefined ? '' : `\n         ${fix}`}`;
}
