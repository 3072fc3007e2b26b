import { FieldsError } from '../errors.ts';
import type { AnyDatabase } from './sql-engine.ts';

/** How far the rotation of a scope's index key has come, beyond what the states of the fields tell. */
export type RotationStep = 'going' | 'clearing' | 'done';

/** The rotation that is under way: of all scopes one at a time, since they share the fields' second columns. */
export interface RotationRecord {
  readonly step: RotationStep;
  record(step: RotationStep): Promise<void>;
}

const ID = 'rotate-indexes';

/**
 * Takes the rotation of a scope on, where it was left or from the beginning. Kept beside the jobs.
 *
 * @throws FieldsError ERR_MIGRATION_STATE (that of another scope is not done)
 */
export async function takeRotation(db: AnyDatabase, scope: string): Promise<RotationRecord> {
  const row = (step: RotationStep) => {
    const finished = step === 'done' ? Date.now() : null;
    return { position: JSON.stringify([scope, step]), updated_at: Date.now(), finished_at: finished };
  };
  const first = { ...row('going'), done: 0, changed: 0, total: 0, problems: '[]', started_at: Date.now() };
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('bulwark_field_job')
    .values({ id: ID, ...first, lease_until: 0 })
    .onConflict((on) => on.column('id').doNothing())
    .executeTakeFirst();
  const write = (step: RotationStep) => db.updateTable('bulwark_field_job').set(row(step)).where('id', '=', ID);
  const record = async (step: RotationStep) => void (await write(step).execute());
  if (numInsertedOrUpdatedRows === 1n) return { step: 'going', record };

  const { position } = (await db
    .selectFrom('bulwark_field_job')
    .select('position')
    .where('id', '=', ID)
    .executeTakeFirstOrThrow()) as { position: string };
  const [owner, step] = JSON.parse(position) as [string, RotationStep];
  if (step !== 'done' && owner === scope) return { step, record };
  // Of two scopes that begin at once, one does.
  const { numUpdatedRows } =
    step === 'done' ? await write('going').where('position', '=', position).executeTakeFirst() : { numUpdatedRows: 0n };
  if (numUpdatedRows === 1n) return { step: 'going', record };
  const how = `finish it first: the indexes of all scopes share their columns`;
  const whose = step === 'done' ? 'another scope' : `scope ${owner}`;
  throw new FieldsError('ERR_MIGRATION_STATE', `the rotation of the index key of ${whose} is not done: ${how}`);
}
