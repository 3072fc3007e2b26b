import { encodeBase64Url, isSealedField, normalise } from '@bulwark/crypto';
import type { KeyId } from '@bulwark/keyring';
import { type CellCipherOptions, cellCipher, type Place, type Stored } from './cell-cipher.ts';
import { FieldsError } from './errors.ts';
import { decodeRecord, encodeRecord } from './record-codec.ts';
import { type Row, rowIdOf, scopeOf } from './row-id.ts';
import type { EncryptedTable, PlainFields, ResolvedField } from './table.ts';

/** What is known of a row beside what is being written or read. */
export interface Known {
  /** Whose keys to use; not needed where the table or the row says so. */
  readonly scope?: string | undefined;
  /** Columns of the row, by their names in the database: its id, the tenant. */
  readonly row?: Row;
  /** Open what compromised versions of a key have sealed; `keys.warm(…, { allowCompromised: true })` first. */
  readonly allowCompromised?: boolean | undefined;
}

/** An equality search: a row matches if the column of any alternative has any of its values. */
export interface SearchTerm {
  readonly alternatives: readonly { readonly column: string; readonly values: readonly unknown[] }[];
  /** false: some rows match that have another value. Open them and `keepMatches`. */
  readonly isExact: boolean;
}

/**
 * Seals and opens rows of one table. Names of fields are the application's, names of columns the database's.
 *
 * All is synchronous and wants the keys of the scope at hand: `await fields.ready(scope)` first. Errors of keys pass
 * through (KeyringError ERR_KEY_UNAVAILABLE, ERR_KEY_NOT_WARM and others): nothing is read or written then.
 */
export interface TableCipher<T extends EncryptedTable = EncryptedTable> {
  readonly table: T;
  /**
   * The columns to store for a row or a part of one. Fields are sealed and indexed, what is no field stays as it is.
   * `undefined` fields are left out.
   *
   * @throws FieldsError ERR_VALUE_TYPE, ERR_VALUE_TOO_LARGE, ERR_VALUE_LOOKS_SEALED, ERR_ROW_ID_MISSING,
   *   ERR_SCOPE_MISSING, ERR_RECORD_PARTIAL
   */
  sealRow(row: Row & Partial<PlainFields<T>>, known?: Known): Record<string, unknown>;
  /**
   * A row as the application knows it, from columns as they are stored. Fields whose columns are not there are left out,
   * and so are indexes.
   *
   * @throws FieldsError ERR_OPEN_FAILED, ERR_NOT_SEALED, ERR_ROW_ID_MISSING, ERR_SCOPE_MISSING
   */
  openRow(stored: Row, known?: Known): Record<string, unknown> & Partial<PlainFields<T>>;
  /** The sealed value of one field alone, without its index. For libraries that convert value by value. */
  sealCell(field: string, value: unknown, known?: Known): Stored;
  openCell(field: string, stored: unknown, known?: Known): unknown;
  /** The columns of one field's index. */
  indexOf(field: string, value: unknown, known?: Known): Record<string, Stored>;
  /** What to look for. @throws FieldsError ERR_UNSUPPORTED_QUERY (no search declared, or null) */
  search(field: string, value: unknown, known?: Known): SearchTerm;
  /** Drops rows that a shortened index has found besides. */
  keepMatches<R extends Row>(rows: readonly R[], field: string, value: unknown): R[];
  /** The columns in the database that a field is read from now. */
  columnsOf(field: string): readonly string[];
  /** The columns in the database that a field is written to now, its index included. */
  writtenColumnsOf(field: string): readonly string[];
}

export interface TableCipherOptions extends CellCipherOptions {
  readonly indexKeyId: (scope: string) => KeyId;
  /** The scope where neither table, row nor call names one. */
  readonly defaultScope: () => string | undefined;
}

/** What the record is sealed under; no field can have this name. */
const RECORD = '*';
const INDEX_NAME = 'equality';

/** Rows of one table. */
export function tableCipher<T extends EncryptedTable>(table: T, options: TableCipherOptions): TableCipher<T> {
  const { keys, indexKeyId, defaultScope, states, events } = options;
  const cells = cellCipher(table, options);

  const recordBind = table.record?.fields.some(({ bind }) => bind === 'row') ? 'row' : 'column';

  function fieldOf(name: string): ResolvedField {
    const field = Object.hasOwn(table.fields, name) ? table.fields[name] : undefined;
    if (field) return field;
    throw new FieldsError('ERR_FIELD_UNKNOWN', `${table.name} has no encrypted field of this name`);
  }

  function placeOf(row: Row, known: Known): Place {
    const all = known.row ? { ...known.row, ...row } : row;
    const { allowCompromised } = known;
    return { scope: scopeOf(table, all, known.scope ?? defaultScope()), row: rowIdOf(table, all), allowCompromised };
  }

  function searchText(field: ResolvedField, value: unknown): string {
    cells.encode(field, value); // checks the type
    return field.type.searchText!(value);
  }

  function toIndex(bytes: Buffer): Exclude<Stored, null> {
    return table.store === 'text' ? encodeBase64Url(bytes) : bytes;
  }

  /** The index of a value under each version of its key, oldest first. */
  function indexVersions(field: ResolvedField, value: unknown, scope: string) {
    const { name, type, index } = field;
    const column = {
      table: table.name,
      column: name,
      name: INDEX_NAME,
      normaliser: type.normaliser,
      bits: index!.bits,
    };
    return keys.blindIndexVersionsSync(indexKeyId(scope), column, searchText(field, value));
  }

  function indexColumns(field: ResolvedField, value: unknown, scope: string): Record<string, Stored> {
    const { index } = field;
    if (!index) return {};
    const isRotating = states.isIndexRotating(table.name, field.name);
    if (value === null) return { [index.column]: null, ...(isRotating && { [index.nextColumn]: null }) };
    const versions = indexVersions(field, value, scope);
    const active = versions.findLast(({ state }) => state === 'active');
    if (!active) throw new FieldsError('ERR_UNSUPPORTED_QUERY', `${table.name}.${field.name}: no index key is active`);
    return {
      [index.column]: toIndex(active.index),
      ...(isRotating && { [index.nextColumn]: toIndex(versions.at(-1)!.index) }),
    };
  }

  /** Where a field's plain text and its sealed value belong now. */
  function placesOf(field: ResolvedField) {
    const phase = states.phase(table.name, field.name);
    const { plainColumn } = field;
    // See docs/decisions/0010-no-default-phase.md.
    if (plainColumn !== undefined && phase === undefined) {
      const how = 'record where its migration stands (`bulwark fields plan --record`) and give `states` to openFields';
      throw new FieldsError('ERR_MIGRATION_STATE', `${table.name}.${field.name} has a plain column: ${how}`);
    }
    const isMigrating = phase === 'plain' || phase === 'dual-writing' || phase === 'backfilled';
    return {
      plainColumn,
      writesPlain: plainColumn !== undefined && isMigrating,
      clearsPlain: plainColumn !== undefined && phase === 'encrypted-only',
      readsPlain: plainColumn !== undefined && (phase === 'plain' || phase === 'dual-writing'),
      /** Written by a process that had not yet heard of the phase: not lost, and told of. */
      fallsBackToPlain: plainColumn !== undefined && phase === 'backfilled',
      writesSealed: plainColumn === undefined || phase !== 'plain',
      writesClearInPlace: plainColumn === undefined && phase === 'plain' && hasClearReader(field),
      holdsClearInPlace: plainColumn === undefined && isMigrating && phase !== 'backfilled' && hasClearReader(field),
    };
  }

  function sealField(field: ResolvedField, value: unknown, place: Place): Record<string, unknown> {
    const { plainColumn, writesPlain, clearsPlain, writesSealed, writesClearInPlace } = placesOf(field);
    if (writesClearInPlace) {
      if (value !== null) cells.encode(field, value);
      if (looksSealed(value)) throw looksSealedError(field);
      return { [field.column]: value };
    }
    return {
      ...(writesSealed && {
        ...(!field.isInRecord && { [field.column]: cells.seal(field, value, place) }),
        ...indexColumns(field, value, place.scope),
      }),
      ...(writesPlain && { [plainColumn!]: value }),
      ...(clearsPlain && { [plainColumn!]: null }),
    };
  }

  function looksSealedError({ name }: ResolvedField): FieldsError {
    const why = 'the column is read as plain text or sealed, and this begins like sealed';
    return new FieldsError('ERR_VALUE_LOOKS_SEALED', `${table.name}.${name}: ${why}`);
  }

  function sealRecord(row: Row, place: Place): Record<string, unknown> {
    const { record } = table;
    const given = record?.fields.filter(({ name }) => row[name] !== undefined) ?? [];
    if (!record || given.length === 0) return {};
    if (given.length < record.fields.length) {
      const missing = record.fields.flatMap(({ name }) => (row[name] === undefined ? name : []));
      const why = `are sealed together: give ${missing.join(', ')} as well`;
      throw new FieldsError('ERR_RECORD_PARTIAL', `${record.fields.map(({ name }) => name).join(', ')} ${why}`);
    }
    const values = new Map(
      given.map((field) => {
        const value = row[field.name];
        return [field.name, value === null ? null : cells.encode(field, value)] as const;
      }),
    );
    const pad = given.some((field) => field.pad);
    return { [record.column]: cells.sealBytes(RECORD, recordBind, encodeRecord(values), place, pad) };
  }

  function openRecord(stored: unknown, place: () => Place): Record<string, unknown> {
    const values =
      stored === null
        ? new Map<string, Buffer | null>()
        : decodeRecord(cells.openBytes(RECORD, recordBind, stored, place()));
    const opened: Record<string, unknown> = {};
    for (const { name, type, formerNames = [] } of table.record!.fields) {
      const found = [name, ...formerNames].find((known) => values.has(known));
      const bytes = found === undefined ? null : (values.get(found) ?? null);
      opened[name] = bytes === null ? null : type.decode(bytes);
    }
    return opened;
  }

  return {
    table,

    sealRow(row, known = {}) {
      const place = placeOf(row, known);
      const sealed = Object.entries(row).flatMap(([name, value]): [string, unknown][] => {
        if (!Object.hasOwn(table.fields, name)) return [[name, value]];
        return value === undefined ? [] : Object.entries(sealField(table.fields[name]!, value, place));
      });
      // fromEntries defines members instead of setting them: a column called __proto__ stays a column.
      return Object.fromEntries([...sealed, ...Object.entries(sealRecord(row, place))]);
    },

    openRow(stored, known = {}) {
      let place: Place | undefined;
      const lazily = () => {
        place ??= placeOf(stored, known);
        return place;
      };
      const opened: Record<string, unknown> = {};
      const taken = new Set(table.hiddenColumns);
      for (const field of Object.values(table.fields)) {
        if (field.isInRecord) continue;
        const { plainColumn, readsPlain, fallsBackToPlain } = placesOf(field);
        const column = readsPlain ? plainColumn! : field.column;
        if (Object.hasOwn(stored, column)) {
          const value = stored[column] ?? null;
          const plain = plainColumn === undefined ? null : (stored[plainColumn] ?? null);
          if (readsPlain || (value === null && fallsBackToPlain)) {
            opened[field.name] = plain === null ? null : field.type.fromPlain(plain);
            if (!readsPlain && plain !== null)
              events.emit('legacy-read', table.name, field.name, lazily().scope, 'drift');
          } else {
            opened[field.name] = value === null ? null : cells.open(field, value, lazily());
          }
        }
        taken.add(field.column);
        if (plainColumn !== undefined) taken.add(plainColumn);
      }
      if (table.record && Object.hasOwn(stored, table.record.column)) {
        Object.assign(opened, openRecord(stored[table.record.column] ?? null, lazily));
      }
      // A column in clear that is called like a field must not stand in its place.
      const rest = Object.entries(stored).filter(
        ([column]) => !taken.has(column) && !Object.hasOwn(table.fields, column),
      );
      return Object.fromEntries([...Object.entries(opened), ...rest]) as ReturnType<TableCipher<T>['openRow']>;
    },

    sealCell: (name, value, known = {}) => cells.seal(fieldOf(name), value, placeOf({}, known)),
    openCell(name, stored, known = {}) {
      if (stored === null || stored === undefined) return stored;
      return cells.open(fieldOf(name), stored, placeOf({}, known));
    },
    indexOf: (name, value, known = {}) => indexColumns(fieldOf(name), value, placeOf({}, known).scope),

    search(name, value, known = {}) {
      const field = fieldOf(name);
      const { index } = field;
      if (!index) throw unsupported(table, name, 'is encrypted and was declared without `search`');
      if (value === null || value === undefined) {
        throw unsupported(table, name, 'cannot be searched for null: compare its column with IS NULL');
      }
      const { plainColumn, readsPlain, holdsClearInPlace } = placesOf(field);
      // Not indexed yet, so compared by the database, as it always was.
      if (readsPlain) return { alternatives: [{ column: plainColumn!, values: [value] }], isExact: true };
      const { scope } = placeOf({}, known);
      const values = indexVersions(field, value, scope).map((version) => toIndex(version.index));
      events.emit('searched', table.name, name, scope);
      const isRotating = states.isIndexRotating(table.name, name);
      return {
        alternatives: [
          { column: index.column, values },
          ...(isRotating ? [{ column: index.nextColumn, values }] : []),
          ...(holdsClearInPlace ? [{ column: field.column, values: [value] }] : []),
        ],
        isExact: index.bits === FULL_BITS,
      };
    },

    keepMatches(rows, name, value) {
      const field = fieldOf(name);
      const { normaliser } = field.type;
      const form = (of: unknown) => normalise(normaliser, searchText(field, of));
      const wanted = form(value);
      return rows.filter((row) => row[name] !== null && row[name] !== undefined && form(row[name]) === wanted);
    },

    columnsOf(name) {
      const field = fieldOf(name);
      if (field.isInRecord) return [table.record!.column];
      const { plainColumn, readsPlain, fallsBackToPlain } = placesOf(field);
      if (readsPlain) return [plainColumn!];
      return fallsBackToPlain ? [field.column, plainColumn!] : [field.column];
    },

    writtenColumnsOf(name) {
      const field = fieldOf(name);
      const { plainColumn, writesPlain, clearsPlain, writesSealed, writesClearInPlace } = placesOf(field);
      if (writesClearInPlace) return [field.column];
      const { index } = field;
      const isRotating = states.isIndexRotating(table.name, name);
      return [
        ...(writesSealed
          ? [
              field.isInRecord ? table.record!.column : field.column,
              ...(index ? [index.column, ...(isRotating ? [index.nextColumn] : [])] : []),
            ]
          : []),
        ...(writesPlain || clearsPlain ? [plainColumn!] : []),
      ];
    },
  };
}

const FULL_BITS = 128;

/** Whether plain text would be taken for a sealed value. */
export function looksSealed(value: unknown): boolean {
  return typeof value === 'string' ? value.startsWith('bw1:') : value instanceof Uint8Array && isSealedField(value);
}

function hasClearReader({ legacy = [] }: ResolvedField): boolean {
  return legacy.some(({ kind }) => kind === 'clear');
}

/** The error of a query that an encrypted field has no answer to. */
export function unsupported(table: EncryptedTable, field: string, problem: string): FieldsError {
  return new FieldsError('ERR_UNSUPPORTED_QUERY', `${table.name}.${field} ${problem}`);
}
