import { ensureKey, type KeyId, type KeyKind, type Keys } from '@bulwark/keyring';
import { FieldsError } from './errors.ts';
import { type FieldEvent, type FieldMetrics, fieldEvents } from './events.ts';
import { redactor } from './redact.ts';
import { type FieldStates, SETTLED } from './states.ts';
import type { EncryptedTable } from './table.ts';
import { type TableCipher, tableCipher } from './table-cipher.ts';

/** How encrypted fields are opened. */
export interface FieldsOptions {
  readonly keys: Keys;
  readonly tables: readonly EncryptedTable[];
  /** Whose keys to use where neither table, row nor call says so: one name, or the tenant of the moment. */
  readonly scope?: string | (() => string | undefined);
  /** Where migrations and index rotations stand; nothing is migrated by default. */
  readonly states?: FieldStates;
  /** Names of the keys in each scope; `fields` and `index` by default. */
  readonly keyNames?: { readonly data?: string; readonly index?: string };
  /** Make the keys of a scope at its first use; true by default. */
  readonly createsKeys?: boolean;
  /** Told of failures, legacy reads and of keys that are away. */
  readonly onEvent?: (event: FieldEvent) => void;
}

/** Whether fields can be read and written now. */
export interface FieldsHealth {
  readonly state: 'ok' | 'keys-away';
  /** Code of the last failure to get keys, while they are away. */
  readonly reason: string | null;
  /** Scopes whose keys are at hand. */
  readonly scopes: readonly string[];
}

/** How old the version is that a key seals with now. */
export interface KeyAge {
  readonly scope: string;
  readonly name: string;
  readonly version: number;
  readonly ageSeconds: number;
}

/** Encrypted fields of an application. */
export interface Fields {
  /** @throws FieldsError ERR_FIELD_UNKNOWN (the table was not given to `openFields`) */
  table<T extends EncryptedTable>(table: T): TableCipher<T>;
  readonly tables: readonly EncryptedTable[];
  /**
   * Gets the keys of a scope at hand, for all that is synchronous here. Cheap where they are; call it before each use.
   *
   * @param use `read` is for opening rows, and makes no keys: whoever writes the database could otherwise have them made by naming tenants.
   * @throws KeyringError ERR_KEY_UNAVAILABLE and others: nothing can be read or written until they are back.
   */
  ready(scope?: string, use?: 'read' | 'write'): Promise<void>;
  /** The scope that is used where none is named. */
  defaultScope(): string | undefined;
  /** Which keys seal and index a scope. */
  keyIds(scope: string): { readonly data: KeyId; readonly index: KeyId };
  readonly keys: Keys;
  readonly states: FieldStates;
  health(): FieldsHealth;
  metrics(): FieldMetrics;
  /** Ages of the keys of the scopes that are at hand, for metrics. @throws KeyringError */
  keyAges(): Promise<KeyAge[]>;
  /** A copy of anything for a log, without sealed values, encrypted fields and secrets. */
  redact(value: unknown): unknown;
}

/** Opens encrypted fields on keys. Nothing is read until a scope is made ready. */
export function openFields(options: FieldsOptions): Fields {
  const { keys, tables, states = SETTLED, createsKeys = true, onEvent } = options;
  const { data = 'fields', index = 'index' } = options.keyNames ?? {};
  const events = fieldEvents(onEvent);
  const atHand = new Set<string>();
  let away: string | null = null;
  const hasIndexes = tables.some(({ fields }) => Object.values(fields).some((field) => field.index !== undefined));

  const defaultScope = () => (typeof options.scope === 'function' ? options.scope() : options.scope);
  const dataKey = (scope: string): KeyId => ({ scope, name: data });
  const indexKey = (scope: string): KeyId => ({ scope, name: index });

  const ensure = (id: KeyId, kind: KeyKind, use: 'read' | 'write') =>
    createsKeys && use === 'write' ? ensureKey(keys, id, kind) : keys.warm([id]);

  async function ready(scope = defaultScope(), use: 'read' | 'write' = 'write'): Promise<void> {
    if (scope === undefined) throw new FieldsError('ERR_SCOPE_MISSING', 'name the scope whose keys to get ready');
    try {
      await ensure(dataKey(scope), 'data', use);
      if (hasIndexes && use === 'write') await ensure(indexKey(scope), 'index', use);
    } catch (error) {
      atHand.delete(scope);
      if (codeOf(error) !== 'ERR_KEY_UNAVAILABLE') throw error;
      if (away === null) events.emit('keys-away', '*', '*', scope, codeOf(error));
      away = codeOf(error);
      throw error;
    }
    if (!atHand.has(scope)) events.emit('keys-ready', '*', '*', scope);
    atHand.add(scope);
    if (away !== null) events.emit('keys-back', '*', '*', scope);
    away = null;
  }

  async function keyAge(id: KeyId): Promise<KeyAge[]> {
    const { versions } = await keys.describe(id);
    const sealing = versions.findLast(({ state }) => state === 'active');
    if (!sealing) return [];
    const since = sealing.activatesAt ?? sealing.createdAt;
    return [{ ...id, version: sealing.version, ageSeconds: Math.max(0, Math.round((Date.now() - since) / 1000)) }];
  }

  const ciphers = new Map(
    tables.map((table) => {
      const cipher = tableCipher(table, {
        keys,
        keyId: dataKey,
        indexKeyId: indexKey,
        defaultScope,
        states,
        events,
      });
      return [table, cipher] as const;
    }),
  );
  const names = tables.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new FieldsError('ERR_DECLARATION', `two tables are called ${twice}`);

  return {
    tables,
    keys,
    states,
    ready,
    defaultScope,
    keyIds: (scope) => ({ data: dataKey(scope), index: indexKey(scope) }),
    table<T extends EncryptedTable>(table: T) {
      const cipher = ciphers.get(table);
      if (cipher) return cipher as unknown as TableCipher<T>;
      throw new FieldsError('ERR_FIELD_UNKNOWN', `table ${table.name} was not given to openFields`);
    },
    health: () => ({ state: away === null ? 'ok' : 'keys-away', reason: away, scopes: [...atHand] }),
    metrics: events.metrics,
    async keyAges() {
      const ids = [...atHand].flatMap((scope) => [dataKey(scope), ...(hasIndexes ? [indexKey(scope)] : [])]);
      return (await Promise.all(ids.map(keyAge))).flat();
    },
    redact: redactor(tables),
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'ERR_UNKNOWN';
}
