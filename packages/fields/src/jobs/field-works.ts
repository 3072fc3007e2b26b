import type { KeyInfo } from '@bulwark/keyring';
import type { Fields } from '../fields.ts';
import type { Row } from '../row-id.ts';
import { scopeOf } from '../row-id.ts';
import type { EncryptedTable, ResolvedField } from '../table.ts';
import { looksSealed } from '../table-cipher.ts';
import { cellState } from './cell-state.ts';
import { requireExact } from './exact-plain.ts';
import { type RowWork, telling } from './row-work.ts';

/* What each job does to a row. All of them leave a row alone that is right already, so they can be run again. */

/** Seals what is in clear: into the sealed column, or in place. The plain text is what counts. */
export function backfillWork(fields: Fields, table: EncryptedTable, chosen: readonly ResolvedField[]): RowWork {
  const cipher = fields.table(table);
  return {
    columns: chosen.flatMap((field) => [...plainColumnsOf(field), ...sealedColumnsOf(fields, table, field)]),
    sets: chosen.flatMap((field) => sealedColumnsOf(fields, table, field)),
    change(row, tell) {
      const set: Record<string, unknown> = {};
      for (const field of chosen) {
        telling(field.name, tell, () => {
          const stored = row[field.column] ?? null;
          const isBeside = field.plainColumn !== undefined;
          const value = isBeside ? plainValue(field, row) : cipher.openCell(field.name, stored, { row });
          if (!isBeside && isClear(field, stored)) requireExact(field.type.name, stored, value);
          if (isKept(field, stored)) return;
          const open = () => cipher.openCell(field.name, stored, { row });
          const isEmpty = value === null && stored === null;
          const isSealed = cellState(stored).kind === 'sealed' && isSame(field, value, openedOrUndefined(open));
          if (!isEmpty && !isSealed) set[field.column] = cipher.sealCell(field.name, value, { row });
          setWhereDifferent(set, row, cipher.indexOf(field.name, value, { row }));
        });
      }
      return nonEmpty(set);
    },
  };
}

/** Empties plain columns, each where its sealed value opens to the same. */
export function clearPlainWork(fields: Fields, table: EncryptedTable, chosen: readonly ResolvedField[]): RowWork {
  const cipher = fields.table(table);
  return {
    columns: chosen.flatMap((field) => [...plainColumnsOf(field), field.column]),
    sets: chosen.flatMap(plainColumnsOf),
    change(row, tell) {
      const set: Record<string, unknown> = {};
      for (const field of chosen) {
        telling(field.name, tell, () => {
          const plain = plainValue(field, row);
          if (plain === null) return;
          if (!isSame(field, plain, cipher.openCell(field.name, row[field.column], { row })))
            tell(field.name, 'ERR_DRIFT');
          else set[field.plainColumn!] = null;
        });
      }
      return nonEmpty(set);
    },
  };
}

/** Writes sealed values back as plain text, where a migration is rolled back. */
export function restorePlainWork(
  fields: Fields,
  table: EncryptedTable,
  chosen: readonly ResolvedField[],
  toPlain: (value: unknown) => unknown,
): RowWork {
  const cipher = fields.table(table);
  const target = (field: ResolvedField) => field.plainColumn ?? field.column;
  return {
    columns: chosen.flatMap((field) => [target(field), field.column]),
    sets: chosen.map(target),
    change(row, tell) {
      const set: Record<string, unknown> = {};
      for (const field of chosen) {
        telling(field.name, tell, () => {
          const stored = row[field.column] ?? null;
          if (stored === null || cellState(stored).kind !== 'sealed') return;
          const value = cipher.openCell(field.name, stored, { row });
          const plain = field.plainColumn === undefined ? null : plainValue(field, row);
          if (plain === null) {
            if (field.plainColumn === undefined && looksSealed(value)) tell(field.name, 'ERR_VALUE_LOOKS_SEALED');
            else set[target(field)] = toPlain(value);
          } else if (!isSame(field, plain, value)) {
            // Which of the two is the newer one, only who has written them can tell.
            tell(field.name, 'ERR_DRIFT');
          }
        });
      }
      return nonEmpty(set);
    },
  };
}

/** Empties sealed columns and indexes that a migration which was rolled back has left. */
export function clearSealedWork(fields: Fields, table: EncryptedTable, chosen: readonly ResolvedField[]): RowWork {
  const columns = chosen.flatMap((field) => {
    const indexes = sealedColumnsOf(fields, table, field).filter((column) => column !== field.column);
    return field.plainColumn === undefined ? indexes : [field.column, ...indexes];
  });
  return emptying(columns);
}

/** Seals anew what an older key, another library or a lesser binding has sealed, and gives it the index that it lacks. */
export function reencryptWork(fields: Fields, table: EncryptedTable, allowCompromised = false): RowWork {
  const cipher = fields.table(table);
  const own = Object.values(table.fields).filter(({ isInRecord }) => !isInRecord);
  const { record } = table;
  const columns = [
    ...own.flatMap((field) => sealedColumnsOf(fields, table, field)),
    ...(record ? [record.column] : []),
  ];
  const { prepare, isCurrent } = currency(fields, table);
  return {
    columns,
    sets: columns,
    of: () => newestKeys(fields, table),
    async prepare(scopes) {
      await prepare(scopes);
      if (!allowCompromised) return;
      await fields.keys.warm(
        [...scopes].map((scope) => fields.keyIds(scope).data),
        { allowCompromised },
      );
    },
    change(row, tell) {
      const set: Record<string, unknown> = {};
      const known = { row, allowCompromised };
      for (const field of own) {
        const stored = row[field.column] ?? null;
        if (stored === null || isKept(field, stored)) continue;
        const lacksIndex = field.index !== undefined && (row[field.index.column] ?? null) === null;
        if (isCurrent(row, stored, field) && !lacksIndex) continue;
        telling(field.name, tell, () => {
          const value = cipher.openCell(field.name, stored, known);
          if (!isCurrent(row, stored, field)) set[field.column] = cipher.sealCell(field.name, value, { row });
          if (lacksIndex) setWhereDifferent(set, row, cipher.indexOf(field.name, value, { row }));
        });
      }
      const stored = record && (row[record.column] ?? null);
      if (record && stored !== null && !isCurrent(row, stored, undefined)) {
        telling(RECORD, tell, () => {
          const opened: Row = cipher.openRow({ [record.column]: stored }, known);
          const values = Object.fromEntries(record.fields.map(({ name }) => [name, opened[name] ?? null]));
          set[record.column] = cipher.sealRow(values, { row })[record.column];
        });
      }
      return nonEmpty(set);
    },
  };
}

/** Which keys a table is to be sealed with: of one that has come since, the rows that are done know nothing. */
async function newestKeys({ keys, keyIds, defaultScope }: Fields, { scope }: EncryptedTable): Promise<string> {
  const ofTable = typeof scope === 'string' ? scope : scope === undefined ? defaultScope() : undefined;
  const ids = (await keys.list(ofTable)).filter((id) => id.name === keyIds(id.scope).data.name);
  const newest: string[] = [];
  for (const id of ids) {
    const { versions } = await keys.describe(id);
    // A scope that is new has nothing under an older key.
    if (versions.length > 1) newest.push(sealingKid(versions));
  }
  return JSON.stringify(newest.toSorted());
}

function sealingKid(versions: KeyInfo['versions']): string {
  return versions.findLast(({ state }) => state === 'active')?.kid ?? '';
}

/** How the record is called where a field's name stands otherwise. */
const RECORD = '*';

/** Tells whether a cell is sealed as it would be sealed now, without opening it. */
function currency(fields: Fields, table: EncryptedTable) {
  const kids = new Map<string, string>();
  const bindsRecord = table.record?.fields.some(({ bind }) => bind === 'row') ?? false;
  return {
    async prepare(scopes: ReadonlySet<string>): Promise<void> {
      for (const scope of scopes) {
        // Once a run: it asks the store and the root. A key that is rotated meanwhile wants another run anyway.
        if (kids.has(scope)) continue;
        const { versions } = await fields.keys.describe(fields.keyIds(scope).data);
        kids.set(scope, sealingKid(versions));
      }
    },
    /** @param field undefined for the record. */
    isCurrent(row: Row, stored: unknown, field: ResolvedField | undefined): boolean {
      const kid = kids.get(scopeOf(table, row, fields.defaultScope()));
      const wantsRow = field ? field.bind === 'row' : bindsRecord;
      return (field?.pathParts ? sealedTexts(stored) : [stored]).every((cell) => {
        const state = cellState(cell);
        return state.kind === 'sealed' && state.kid === kid && state.isRowBound === wantsRow;
      });
    },
  };
}

/** Writes blind indexes of the version to come beside those of now. */
export function fillNextIndexWork(fields: Fields, table: EncryptedTable, chosen: readonly ResolvedField[]): RowWork {
  return indexWork(fields, table, chosen, (field, indexes) => ({
    [field.index!.nextColumn]: indexes[field.index!.nextColumn],
  }));
}

/** Puts the indexes of the version that has become the active one in the place of the old ones. */
export function copyIndexWork(fields: Fields, table: EncryptedTable, chosen: readonly ResolvedField[]): RowWork {
  return indexWork(fields, table, chosen, (field, indexes) => ({
    [field.index!.column]: indexes[field.index!.column],
  }));
}

/** Empties the second index columns. */
export function clearNextIndexWork(chosen: readonly ResolvedField[]): RowWork {
  return emptying(chosen.map(({ index }) => index!.nextColumn));
}

function emptying(columns: readonly string[]): RowWork {
  return {
    columns,
    sets: columns,
    change: (row) =>
      nonEmpty(Object.fromEntries(columns.flatMap((column) => (row[column] == null ? [] : [[column, null]])))),
  };
}

function indexWork(
  fields: Fields,
  table: EncryptedTable,
  chosen: readonly ResolvedField[],
  wanted: (field: ResolvedField, indexes: Record<string, unknown>) => Record<string, unknown>,
): RowWork {
  const cipher = fields.table(table);
  const indexColumns = chosen.flatMap(({ index }) => [index!.column, index!.nextColumn]);
  const read = new Set([...indexColumns, ...chosen.flatMap(({ name }) => cipher.columnsOf(name))]);
  return {
    columns: [...read],
    sets: indexColumns,
    change(row, tell) {
      const set: Record<string, unknown> = {};
      const opened = telling('*', tell, () => cipher.openRow(row));
      if (!opened) return undefined;
      for (const field of chosen) {
        telling(field.name, tell, () => {
          const value = (opened as Row)[field.name] ?? null;
          setWhereDifferent(set, row, wanted(field, cipher.indexOf(field.name, value, { row })));
        });
      }
      return nonEmpty(set);
    },
  };
}

/** Cells by what they are: sealed under the newest key, an older one, not sealed. */
export interface VerifyCounts {
  sealed: number;
  stale: number;
  legacy: number;
  empty: number;
}

/** Opens everything and compares; changes nothing. */
export function verifyWork(fields: Fields, table: EncryptedTable, counts: VerifyCounts): RowWork {
  const cipher = fields.table(table);
  const all = Object.values(table.fields);
  const { prepare, isCurrent } = currency(fields, table);
  const phaseOf = (field: ResolvedField) => fields.states.phase(table.name, field.name);
  const hasSealed = (field: ResolvedField) => field.plainColumn === undefined || phaseOf(field) !== 'plain';
  const checked = all.filter(hasSealed);
  // From then on nobody writes plain text in place, and the backfill has been over it.
  const isFilled = (field: ResolvedField) => field.plainColumn === undefined && phaseOf(field) === 'backfilled';
  const hasPlain = (field: ResolvedField) => field.plainColumn !== undefined && phaseOf(field) !== 'plain-dropped';
  const columns = new Set([
    ...checked.flatMap((field) => sealedColumnsOf(fields, table, field)),
    ...all.filter(hasPlain).flatMap(plainColumnsOf),
    ...(table.record ? [table.record.column] : []),
  ]);
  return {
    columns: [...columns],
    sets: [],
    prepare,
    change(row, tell) {
      for (const field of checked) {
        if (field.isInRecord) continue;
        telling(field.name, tell, () => {
          const stored = row[field.column] ?? null;
          const value = cipher.openCell(field.name, stored, { row });
          count(stored, field, row);
          if (isFilled(field) && isClear(field, stored)) tell(field.name, 'ERR_NOT_SEALED');
          if (hasPlain(field)) checkPlain(field, row, value, tell);
          if (field.index && !isKept(field, stored)) checkIndex(field, row, value, tell);
        });
      }
      if (table.record && (row[table.record.column] ?? null) !== null) {
        const stored = row[table.record.column];
        const opened = telling(RECORD, tell, () => cipher.openRow({ [table.record!.column]: stored }, { row }) as Row);
        counts[isCurrent(row, stored, undefined) ? 'sealed' : 'stale'] += 1;
        for (const field of table.record.fields) {
          if (opened && field.index) {
            telling(field.name, tell, () => checkIndex(field, row, opened[field.name] ?? null, tell));
          }
        }
      }
      return undefined;
    },
  };

  function count(stored: unknown, field: ResolvedField, row: Row): void {
    const { kind } = cellState(stored);
    if (kind === 'empty') counts.empty += 1;
    else if (kind === 'other' && !field.pathParts) counts.legacy += 1;
    else counts[isCurrent(row, stored, field) ? 'sealed' : 'stale'] += 1;
  }

  function checkPlain(
    field: ResolvedField,
    row: Row,
    value: unknown,
    tell: (field: string, code: string) => void,
  ): void {
    const plain = plainValue(field, row);
    const isCleared = phaseOf(field) === 'encrypted-only' && plain === null;
    if (!isCleared && !isSame(field, plain, value)) tell(field.name, 'ERR_DRIFT');
  }

  function checkIndex(
    field: ResolvedField,
    row: Row,
    value: unknown,
    tell: (field: string, code: string) => void,
  ): void {
    const different: Record<string, unknown> = {};
    setWhereDifferent(different, row, cipher.indexOf(field.name, value, { row }));
    if (Object.keys(different).length > 0) tell(field.name, 'ERR_INDEX_WRONG');
  }
}

/** Columns that hold a field sealed: its own, and of its index those that are written now. */
function sealedColumnsOf(
  { states }: Fields,
  table: EncryptedTable,
  { name, column, index, isInRecord }: ResolvedField,
) {
  return [
    ...(isInRecord ? [] : [column]),
    ...(index ? [index.column] : []),
    ...(index && states.isIndexRotating(table.name, name) ? [index.nextColumn] : []),
  ];
}

function plainColumnsOf({ plainColumn }: ResolvedField): string[] {
  return plainColumn === undefined ? [] : [plainColumn];
}

function plainValue(field: ResolvedField, row: Row): unknown {
  const plain = row[field.plainColumn!] ?? null;
  if (plain === null) return null;
  const value = field.type.fromPlain(plain);
  requireExact(field.type.name, plain, value);
  return value;
}

function isKept({ legacy = [] }: ResolvedField, stored: unknown): boolean {
  return legacy.some((reader) => reader.kind === 'keeps' && typeof stored === 'string' && reader.matches(stored));
}

/** Whether a value is taken for plain text, and not for ciphertext of another library or a hash. */
function isClear({ legacy = [] }: ResolvedField, stored: unknown): boolean {
  if (stored === null || cellState(stored).kind === 'sealed') return false;
  const reader = legacy.find(
    (one) =>
      one.kind === 'clear' ||
      (typeof stored === 'string' && (one.kind === 'keeps' ? one.matches(stored) : one.open(stored) !== undefined)),
  );
  return reader?.kind === 'clear';
}

function isSame(field: ResolvedField, a: unknown, b: unknown): boolean {
  if (a === null || b === null || a === undefined || b === undefined) return a === b;
  return Buffer.from(field.type.encode(a)).equals(field.type.encode(b));
}

/** A value that no longer opens is sealed anew from the plain text; who has changed it, the audit events tell. */
function openedOrUndefined(open: () => unknown): unknown {
  try {
    return open();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_OPEN_FAILED') return undefined;
    throw error;
  }
}

function setWhereDifferent(set: Record<string, unknown>, row: Row, wanted: Readonly<Record<string, unknown>>): void {
  for (const [column, value] of Object.entries(wanted))
    if (!isEqualStored(row[column] ?? null, value)) set[column] = value;
}

function isEqualStored(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.from(a).equals(b);
  return a === b;
}

function nonEmpty(set: Record<string, unknown>): Record<string, unknown> | undefined {
  return Object.keys(set).length > 0 ? set : undefined;
}

/** Sealed values inside a JSON text or document. */
function sealedTexts(stored: unknown): string[] {
  const text = typeof stored === 'string' ? stored : JSON.stringify(stored);
  return text.match(/(?<=")bw1:[\w-]+(?=")/g) ?? [];
}
