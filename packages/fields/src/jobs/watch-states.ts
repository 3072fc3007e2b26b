import { KeyringError, type Keys } from '@bulwark/keyring';
import { FieldsError } from '../errors.ts';
import type { FieldStates } from '../states.ts';
import { type FieldState, fieldStateStore } from './field-state-store.ts';
import type { AnyDatabase } from './sql-engine.ts';

/** How processes follow what is recorded. All processes of an application must have the same. */
export interface WatchOptions {
  readonly keys: Keys;
  /** ms between two looks; 5,000 by default. */
  readonly everyMs?: number;
  /** Of the key that authenticates what is recorded; `system` by default. */
  readonly scope?: string;
  /** Name of the index key in each scope, as given to `openFields`; `index` by default. */
  readonly indexKeyName?: string;
  /** ms, of a clock that does not jump. */
  readonly now?: () => number;
}

/** States as they are recorded, looked at again and again. */
export interface WatchedStates extends FieldStates {
  /** Looks now. */
  refresh(): Promise<void>;
  /** How long after a change every process has it, or has stopped: ms. */
  readonly settleMs: number;
  readonly recorded: ReadonlyMap<string, FieldState>;
  /** For how long this process has known what is recorded of a field now, in ms; infinitely where nothing is. */
  knownForMs(table: string, field: string): number;
  close(): void;
}

const DEFAULT_EVERY_MS = 5_000;

/**
 * Follows the states that jobs record. A process that could not look for two intervals stops reading and writing fields
 * that are in a migration, so that a job may rely on every process having a phase, or none of it, after `settleMs`.
 * Fields that are not in one go on: a process that was suspended when the rotation of an index key began may write one
 * more index under the old key, which the copying of the indexes mends.
 *
 * @throws FieldsError ERR_MIGRATION_STATE (altered)
 */
export async function watchFieldStates(db: AnyDatabase, options: WatchOptions): Promise<WatchedStates> {
  const { keys, everyMs = DEFAULT_EVERY_MS, scope = 'system', indexKeyName = 'index' } = options;
  const now = options.now ?? (() => performance.now());
  const store = fieldStateStore(db, keys, scope, Date.now);
  const settleMs = 3 * everyMs;
  let recorded = new Map<string, FieldState>();
  let since = new Map<string, number>();
  let lookedAt = Number.NEGATIVE_INFINITY;

  async function refresh(): Promise<void> {
    const began = now();
    const states = await store.all();
    if (began < lookedAt) return; // another look has begun later and was quicker
    requireNoneOlder(states);
    const isFirst = lookedAt === Number.NEGATIVE_INFINITY;
    const isNew = (state: FieldState) => recorded.get(nameOf(state.table, state.field))?.revision !== state.revision;
    // A phase of the index goes with a version of its key, which this process may not have seen: that comes first.
    if (!isFirst && states.some(isNew)) await reloadIndexKeys();
    if (began < lookedAt) return;
    const at = (state: FieldState) =>
      isNew(state) ? now() : (since.get(nameOf(state.table, state.field)) ?? Number.NEGATIVE_INFINITY);
    since = new Map(states.map((state) => [nameOf(state.table, state.field), at(state)]));
    recorded = new Map(states.map((state) => [nameOf(state.table, state.field), state]));
    lookedAt = began;
  }

  /** Who writes the database can put an older row back, which is authentic, or take one away. */
  function requireNoneOlder(states: readonly FieldState[]): void {
    const revisions = new Map(states.map(({ table, field, revision }) => [nameOf(table, field), revision]));
    for (const [name, { revision }] of recorded) {
      if ((revisions.get(name) ?? 0) >= revision) continue;
      const what = revisions.has(name) ? 'an older state was put back' : 'the state was taken away';
      throw new FieldsError('ERR_MIGRATION_STATE', `${name}: ${what}: find out by whom`);
    }
  }

  async function reloadIndexKeys(): Promise<void> {
    const ids = await keys.list();
    for (const id of ids.filter(({ name }) => name === indexKeyName)) {
      await keys.reload(id).catch((error: unknown) => {
        // One that cannot be had at all is no worse than before; one that is away may be of the version to come.
        if (error instanceof KeyringError && error.code === 'ERR_KEY_UNAVAILABLE') throw error;
      });
    }
  }

  await refresh();
  const timer = setInterval(() => void refresh().catch(() => {}), everyMs).unref();

  function stateOf(table: string, field: string): FieldState | undefined {
    const state = recorded.get(nameOf(table, field));
    const isSettled = state === undefined || (state.phase === 'plain-dropped' && state.indexPhase === 'stable');
    if (isSettled || now() - lookedAt < 2 * everyMs) return state;
    const where = `${table}.${field} is in a migration, and its phase could not be read`;
    throw new FieldsError('ERR_MIGRATION_STATE', `${where} for ${Math.round((now() - lookedAt) / 1000)} s`);
  }

  return {
    phase: (table, field) => stateOf(table, field)?.phase,
    isIndexRotating: (table, field) => (stateOf(table, field)?.indexPhase ?? 'stable') !== 'stable',
    refresh,
    settleMs,
    knownForMs: (table, field) => now() - (since.get(nameOf(table, field)) ?? Number.NEGATIVE_INFINITY),
    get recorded() {
      return recorded;
    },
    close: () => clearInterval(timer),
  };
}

/** How a field is called in messages and maps. */
export function nameOf(table: string, field: string): string {
  return `${table}.${field}`;
}
