/** What happens to encrypted fields. Names are part of the interface: add freely, never rename. */
export type FieldEventType =
  | 'sealed'
  | 'opened'
  | 'open-failed' // `reason` has the code; for operators, not for who asked
  | 'legacy-read' // `reason` says by which reader: these are left to encrypt
  | 'searched'
  | 'keys-ready' // the keys of a scope are at hand for the first time
  | 'keys-away' // sealing or opening failed since keys were not to be had
  | 'keys-back';

/** One thing that happened to one field. Carries no value. */
export interface FieldEvent {
  readonly type: FieldEventType;
  readonly table: string;
  readonly field: string;
  readonly scope: string;
  readonly reason: string | null;
}

/** Sealing and opening since start; by table and field, `person.email`. */
export interface FieldMetrics {
  readonly sealed: Readonly<Record<string, number>>;
  readonly opened: Readonly<Record<string, number>>;
  readonly searched: Readonly<Record<string, number>>;
  /** By field and code: `person.email ERR_OPEN_FAILED`. */
  readonly failures: Readonly<Record<string, number>>;
  /** By field and reader: `person.email fernet`. */
  readonly legacyReads: Readonly<Record<string, number>>;
}

/** Counts events, and hands those on that an operator may want to know of one by one. */
export interface FieldEvents {
  emit(type: FieldEventType, table: string, field: string, scope: string, reason?: string): void;
  metrics(): FieldMetrics;
}

/** Sealing and opening are counted and not handed on: a sink would hear of each cell of each row. */
const COUNTED_ONLY: ReadonlySet<FieldEventType> = new Set(['sealed', 'opened', 'searched']);

/** Events counted by kind. A sink that throws does not decide whether an operation has succeeded. */
export function fieldEvents(onEvent?: (event: FieldEvent) => void): FieldEvents {
  const counts = new Map<FieldEventType, Map<string, number>>();
  const read = (type: FieldEventType) => Object.fromEntries(counts.get(type) ?? []);
  return {
    emit(type, table, field, scope, reason) {
      const byName = counts.get(type) ?? new Map<string, number>();
      counts.set(type, byName);
      const name = reason === undefined ? `${table}.${field}` : `${table}.${field} ${reason}`;
      byName.set(name, (byName.get(name) ?? 0) + 1);
      if (!onEvent || COUNTED_ONLY.has(type)) return;
      try {
        onEvent({ type, table, field, scope, reason: reason ?? null });
      } catch {
        process.emitWarning('a sink of field events has thrown; the event is lost', 'FieldsWarning');
      }
    },
    metrics: () => ({
      sealed: read('sealed'),
      opened: read('opened'),
      searched: read('searched'),
      failures: read('open-failed'),
      legacyReads: read('legacy-read'),
    }),
  };
}
