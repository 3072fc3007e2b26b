import { CryptoError, decodeFieldText, encodeFieldText, isSealedField } from '@bulwark/crypto';
import type { KeyId, Keys, ScopedCell } from '@bulwark/keyring';
import { FieldsError } from './errors.ts';
import type { FieldEvents } from './events.ts';
import { jsonText, jsonType } from './field-type.ts';
import { mapPaths } from './json-paths.ts';
import type { FieldStates } from './states.ts';
import type { EncryptedTable, ResolvedField } from './table.ts';

/** What is stored of a value: `null`, `bw1:…` text or bytes; of JSON with sealed paths its text. */
export type Stored = string | Uint8Array | null;

/** Where a cell is, beside its table and column. */
export interface Place {
  readonly scope: string;
  /** undefined where it is not known: then only fields that are bound to their column go. */
  readonly row: string | undefined;
  /** Open what compromised versions of the key have sealed. */
  readonly allowCompromised?: boolean | undefined;
}

/** Seals and opens single cells of a table. Needs warm keys. */
export interface CellCipher {
  seal(field: ResolvedField, value: unknown, place: Place): Stored;
  open(field: ResolvedField, stored: unknown, place: Place): unknown;
  /** The same for bytes under a logical name of their own: the record. */
  sealBytes(name: string, bind: 'row' | 'column', bytes: Uint8Array, place: Place, pad: boolean): Stored;
  openBytes(name: string, bind: 'row' | 'column', stored: unknown, place: Place): Buffer;
  /** Bytes of a value, within the field's limit. */
  encode(field: ResolvedField, value: unknown): Uint8Array;
}

export interface CellCipherOptions {
  readonly keys: Keys;
  /** The data key of a scope. */
  readonly keyId: (scope: string) => KeyId;
  readonly states: FieldStates;
  readonly events: FieldEvents;
}

const TEXT_PREFIX = 'bw1:';
/** What lies at a path inside JSON. */
const LEAF = jsonType();
const BINDING_BITS = 3;
const BOUND_TO_ROW = 2;

/** Cells of one table. */
export function cellCipher(table: EncryptedTable, { keys, keyId, states, events }: CellCipherOptions): CellCipher {
  const cellOf = (tableName: string, column: string, row: string | undefined): ScopedCell => ({
    table: tableName,
    column,
    row,
  });

  function encode(field: ResolvedField, value: unknown): Uint8Array {
    const bytes = naming(field, () => field.type.encode(value));
    if (bytes.length > field.maxBytes) {
      const limit = `${bytes.length} bytes, more than the ${field.maxBytes} of the field's limit (maxBytes)`;
      throw new FieldsError('ERR_VALUE_TOO_LARGE', `${table.name}.${field.name}: value has ${limit}`);
    }
    return bytes;
  }

  function sealBytes(name: string, bind: 'row' | 'column', bytes: Uint8Array, place: Place, pad: boolean): Stored {
    if (bind === 'row' && place.row === undefined) throw rowMissing(name);
    const cell = cellOf(table.name, name, bind === 'row' ? place.row : undefined);
    const sealed = keys.sealFieldSync(keyId(place.scope), cell, bytes, { pad });
    events.emit('sealed', table.name, name, place.scope);
    return table.store === 'text' ? encodeFieldText(sealed) : sealed;
  }

  function rowMissing(name: string): FieldsError {
    const how = `give the row its ${table.id.join(', ')} first, or bind the field to its column`;
    return new FieldsError('ERR_ROW_ID_MISSING', `${table.name}.${name} is bound to its row: ${how}`);
  }

  /** Opens what is sealed under the names of now or of before. */
  function openSealed(names: readonly string[], bind: 'row' | 'column', sealed: Uint8Array, place: Place): Buffer {
    const isRowBound = ((sealed[2] ?? 0) & BINDING_BITS) === BOUND_TO_ROW;
    const isBelowFloor = bind === 'row' && table.bindFloor === 'row' && !isRowBound;
    if (isBelowFloor) throw new CryptoError('ERR_BINDING', 'value is bound to less than its field wants');
    if (isRowBound && place.row === undefined) throw rowMissing(names[0]!);
    const row = isRowBound ? place.row : undefined;
    const access = place.allowCompromised ? { allowCompromised: true } : undefined;
    let failure: unknown;
    for (const tableName of [table.name, ...table.formerNames]) {
      for (const name of names) {
        try {
          return keys.openFieldSync(keyId(place.scope), cellOf(tableName, name, row), sealed, access);
        } catch (error) {
          if (!(error instanceof CryptoError) || error.code !== 'ERR_OPEN_FAILED') throw error;
          failure = error;
        }
      }
    }
    throw failure;
  }

  /** One error for all that fails to open; where it was to be found is said, what it holds is not. */
  function opening<R>(name: string, scope: string, work: () => R): R {
    try {
      const result = work();
      events.emit('opened', table.name, name, scope);
      return result;
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'ERR_UNKNOWN';
      events.emit('open-failed', table.name, name, scope, reason);
      if (!(error instanceof CryptoError)) throw error;
      const why = 'wrong key, moved from another place, or changed';
      throw new FieldsError('ERR_OPEN_FAILED', `cannot open ${table.name}.${name}: ${why}`);
    }
  }

  function sealedBytesOf(stored: unknown): Uint8Array | undefined {
    if (typeof stored === 'string') return stored.startsWith(TEXT_PREFIX) ? decodeFieldText(stored) : undefined;
    return stored instanceof Uint8Array && isSealedField(stored) ? stored : undefined;
  }

  function openLegacy(field: ResolvedField, stored: unknown, scope: string): unknown {
    const { legacy = [], type } = field;
    const phase = states.phase(table.name, field.name);
    const isMigrating = phase === 'plain' || phase === 'dual-writing' || phase === 'backfilled';
    for (const reader of legacy) {
      if (reader.kind === 'keeps') {
        if (typeof stored === 'string' && reader.matches(stored)) return type.fromPlain(stored);
      } else if (reader.kind === 'opens') {
        const bytes = typeof stored === 'string' ? reader.open(stored) : undefined;
        if (bytes) {
          events.emit('legacy-read', table.name, field.name, scope, reader.name);
          return type.decode(bytes);
        }
      } else if (isMigrating) {
        events.emit('legacy-read', table.name, field.name, scope, 'clear');
        return type.fromPlain(stored);
      }
    }
    events.emit('open-failed', table.name, field.name, scope, 'ERR_NOT_SEALED');
    const how = 'encrypt the column with `bulwark fields`, or find out who wrote it';
    throw new FieldsError('ERR_NOT_SEALED', `${table.name}.${field.name} holds a value that is not sealed: ${how}`);
  }

  /** Adds to an error of a value which field it is of. */
  function naming<R>(field: ResolvedField, work: () => R): R {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof FieldsError)) throw error;
      throw new FieldsError(error.code, `${table.name}.${field.name}: ${error.message}`);
    }
  }

  const namesOf = (field: ResolvedField, below = '') =>
    [field.name, ...(field.formerNames ?? [])].map((name) => (below === '' ? name : `${name}.${below}`));

  return {
    encode,
    sealBytes,
    openBytes: (name, bind, stored, place) =>
      opening(name, place.scope, () => {
        const sealed = sealedBytesOf(stored);
        if (!sealed) throw new FieldsError('ERR_NOT_SEALED', `${table.name}.${name} holds a value that is not sealed`);
        return openSealed([name], bind, sealed, place);
      }),

    seal(field, value, place) {
      if (value === null) return null;
      const pad = field.pad ?? false;
      if (!field.pathParts) return sealBytes(field.name, field.bind, encode(field, value), place, pad);
      encode(field, value);
      return jsonText(
        mapPaths(value, field.pathParts, (member, at) => {
          const leaf = Buffer.from(naming(field, () => jsonText(member)));
          const sealed = sealBytes(`${field.name}.${at}`, field.bind, leaf, place, pad);
          return typeof sealed === 'string' ? sealed : encodeFieldText(sealed!);
        }),
      );
    },

    open(field, stored, place) {
      if (stored === null || stored === undefined) return stored;
      if (field.pathParts) {
        const value = naming(field, () => field.type.fromPlain(stored));
        return mapPaths(value, field.pathParts, (member, at) =>
          opening(`${field.name}.${at}`, place.scope, () => {
            const sealed = typeof member === 'string' ? sealedBytesOf(member) : undefined;
            if (!sealed) throw notSealedAt(`${table.name}.${field.name}.${at}`);
            return LEAF.decode(openSealed(namesOf(field, at), field.bind, sealed, place));
          }),
        );
      }
      let sealed: Uint8Array | undefined;
      try {
        sealed = sealedBytesOf(stored);
      } catch {
        // Begins like a sealed value and is none: it fails below, like any other that was changed.
        sealed = new Uint8Array(0);
      }
      if (sealed === undefined) return openLegacy(field, stored, place.scope);
      const { type } = field;
      return opening(field.name, place.scope, () => type.decode(openSealed(namesOf(field), field.bind, sealed, place)));
    },
  };
}

function notSealedAt(where: string): FieldsError {
  return new FieldsError('ERR_NOT_SEALED', `${where} holds a value that is not sealed`);
}
