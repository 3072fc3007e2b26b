import { createHmac } from 'node:crypto';
import { constantTimeEqual, pae } from '@bulwark/crypto';
import { ensureKey, type Keys } from '@bulwark/keyring';
import { FieldsError } from '../errors.ts';
import type { Phase } from '../states.ts';
import type { FieldStateRow } from './job-tables.ts';
import type { AnyDatabase } from './sql-engine.ts';

/**
 * Where the rotation of a field's index key stands.
 * - `stable`: one version in one column.
 * - `rotating`: the next version is there and not used for look-ups yet; both columns are written.
 * - `switching`: the next version is the active one; its column is being copied over the old one.
 */
export type IndexPhase = 'stable' | 'rotating' | 'switching';

/** What is recorded of a field. */
export interface FieldState {
  readonly table: string;
  readonly field: string;
  readonly phase: Phase | undefined;
  readonly indexPhase: IndexPhase;
  /** Grows by one with each change. */
  readonly revision: number;
  /** ms since the epoch. */
  readonly changedAt: number;
}

/** Keeps what is recorded of each field, authenticated: who writes the database cannot start a migration back to plain text. */
export interface FieldStateStore {
  /** @throws FieldsError ERR_MIGRATION_STATE (altered) */
  all(): Promise<FieldState[]>;
  /** Records a change, made from what was read. @throws FieldsError ERR_MIGRATION_STATE (another has changed it since) */
  record(before: FieldState | undefined, after: Omit<FieldState, 'revision' | 'changedAt'>): Promise<FieldState>;
}

const KEY_NAME = 'field-states';

/** @param scope Of the key that authenticates; not a tenant's. */
export function fieldStateStore(db: AnyDatabase, keys: Keys, scope: string, now: () => number): FieldStateStore {
  let secret: Promise<Buffer> | undefined;

  async function macKey(): Promise<Buffer> {
    const id = { scope, name: KEY_NAME };
    secret ??= ensureKey(keys, id, 'secret').then(() => keys.deriveSecret(id, 'mac'));
    secret.catch(() => {
      secret = undefined; // the next call asks again
    });
    return secret;
  }

  async function macOf(state: FieldState): Promise<string> {
    const facts = [state.table, state.field, state.phase ?? null, state.indexPhase, state.revision, state.changedAt];
    return createHmac('sha256', await macKey())
      .update(pae('bw1/field-state', JSON.stringify(facts)))
      .digest('base64url');
  }

  async function read(row: FieldStateRow): Promise<FieldState> {
    const state: FieldState = {
      table: row.table_name,
      field: row.field,
      phase: (row.phase ?? undefined) as Phase | undefined,
      indexPhase: row.index_phase as IndexPhase,
      revision: row.revision,
      changedAt: Number(row.changed_at),
    };
    if (constantTimeEqual(Buffer.from(row.mac), Buffer.from(await macOf(state)))) return state;
    const where = `${row.table_name}.${row.field}`;
    throw new FieldsError('ERR_MIGRATION_STATE', `the recorded state of ${where} was altered: find out by whom`);
  }

  return {
    async all() {
      const rows = (await db.selectFrom('bulwark_field_state').selectAll().execute()) as FieldStateRow[];
      return Promise.all(rows.map(read));
    },

    async record(before, after) {
      const state: FieldState = { ...after, revision: (before?.revision ?? 0) + 1, changedAt: now() };
      const row = {
        phase: state.phase ?? null,
        index_phase: state.indexPhase,
        revision: state.revision,
        changed_at: state.changedAt,
        mac: await macOf(state),
      };
      const key = { table_name: state.table, field: state.field };
      const result = before
        ? await db
            .updateTable('bulwark_field_state')
            .set(row)
            .where('table_name', '=', key.table_name)
            .where('field', '=', key.field)
            .where('revision', '=', before.revision)
            .executeTakeFirst()
        : await db
            .insertInto('bulwark_field_state')
            .values({ ...key, ...row })
            .onConflict((on) => on.columns(['table_name', 'field']).doNothing())
            .executeTakeFirst();
      const count = 'numUpdatedRows' in result ? result.numUpdatedRows : (result.numInsertedOrUpdatedRows ?? 0n);
      if (count === 1n) return state;
      const who = `${state.table}.${state.field} was changed by another process`;
      throw new FieldsError('ERR_MIGRATION_STATE', `${who}: look at \`bulwark fields plan\` and try again`);
    },
  };
}
