import type { FieldPlan } from '@bulwark/fields/jobs';
import type { Context } from '../../context.ts';
import type { Outcome } from '../../exit-codes.ts';
import { countText } from '../../progress-bar.ts';
import { findTable } from './find-table.ts';
import { type ConfigOptions, loadConfig } from './load-config.ts';

interface Options extends ConfigOptions {
  readonly record?: boolean;
}

/** `bulwark fields plan [TABLE…]` */
export async function planFields(
  { record = false, ...options }: Options,
  { output }: Context,
  names: readonly string[],
): Promise<Outcome> {
  const config = await loadConfig(options);
  const tables = names.length === 0 ? config.tables : names.map((name) => findTable(config, name));
  await using opened = await config.open();
  for (const table of tables) {
    for (const plan of await opened.jobs.plan(table, { record })) {
      output.say({ event: 'field-plan', ...plan }, planText(plan));
    }
  }
  return 'ok';
}

function planText({ table, field, phase, indexPhase, rows, sealed, other, plain, missing, next }: FieldPlan): string {
  const counts = [
    `${countText(rows)} ${rows === 1 ? 'row' : 'rows'}`,
    ...(sealed === null ? [] : [`${countText(sealed)} sealed`]),
    ...(other === null ? [] : [`${countText(other)} not sealed`]),
    ...(plain === null ? [] : [`${countText(plain)} in the plain column`]),
  ];
  return [
    `${table}.${field}`,
    `  phase    ${phase ?? 'none'}${indexPhase === 'stable' ? '' : `, its index ${indexPhase}`}`,
    `  holds    ${counts.join(', ')}`,
    ...missing.map((statement) => `  missing  ${statement}`),
    `  next     ${next}`,
  ].join('\n');
}
