import type { Fields } from '../../fields.ts';
import { scopeOf } from '../../row-id.ts';
import { type Args, isArgs } from './args.ts';
import type { DeclaredModel } from './models.ts';
import type { RowPlan } from './selection.ts';

/** Opens a result: a row, several, or none. */
export async function openResult(fields: Fields, plan: RowPlan, result: unknown): Promise<unknown> {
  const scopes = new Set<string>();
  collectScopes(fields, plan, result, scopes);
  for (const scope of scopes) await fields.ready(scope, 'read');
  return openRows(plan, result);
}

/** Whose keys the rows need. */
function collectScopes(fields: Fields, plan: RowPlan, result: unknown, scopes: Set<string>): void {
  if (Array.isArray(result)) for (const row of result) collectScopes(fields, plan, row, scopes);
  if (!isArgs(result)) return;
  const { declared } = plan.model;
  const stored = declared && storedColumns(declared, result);
  if (stored?.hasSealed) scopes.add(scopeOf(declared!.table, stored.row, fields.defaultScope()));
  for (const [name, nested] of plan.relations) collectScopes(fields, nested, result[name], scopes);
}

function openRows(plan: RowPlan, result: unknown): unknown {
  if (Array.isArray(result)) return result.map((row) => openRows(plan, row));
  if (!isArgs(result)) return result;
  const { declared } = plan.model;
  const row = declared ? openRow(declared, plan, result) : { ...result };
  for (const [name, nested] of plan.relations) if (Object.hasOwn(row, name)) row[name] = openRows(nested, row[name]);
  return row;
}

function openRow(declared: DeclaredModel, { wanted, dropped }: RowPlan, result: Args): Record<string, unknown> {
  const { encrypted, hidden, cipher } = declared;
  const row = Object.fromEntries(
    Object.entries(result).filter(([name]) => !encrypted.has(name) && !hidden.has(name) && !dropped.has(name)),
  );
  const opened: Args = cipher.openRow(storedColumns(declared, result).row);
  for (const [name, field] of encrypted) {
    if (Object.hasOwn(opened, field.name) && (wanted?.has(name) ?? true)) row[name] = opened[field.name];
  }
  return row;
}

/** The columns of a row that its encrypted fields are opened from. */
function storedColumns({ encrypted, hidden, idNames, scopeName, columnOf }: DeclaredModel, result: Args) {
  const row: Record<string, unknown> = {};
  let hasSealed = false;
  for (const [name, value] of Object.entries(result)) {
    const isSealed = encrypted.has(name) || hidden.has(name);
    if (!isSealed && !idNames.includes(name) && name !== scopeName) continue;
    row[columnOf(name)] = value;
    hasSealed ||= isSealed && value !== null;
  }
  return { row, hasSealed };
}
