import {
  type Cell,
  encodeBase64Url,
  type FieldKey,
  fieldKeyId,
  openField,
  type SealFieldOptions,
  sealField,
} from '@bulwark/crypto';
import { KeyringError } from './errors.ts';
import type { Access, KeyAccess, OpeningWork, SealingWork } from './key-access.ts';
import type { KeyId } from './key-document.ts';
import { type EmitKeyEvent, type KeyEventFacts, reasonOf } from './key-event.ts';
import { fieldKeyOf, openingVersion, requireKind, type UsableKey } from './usable-key.ts';

/** A column of a row; the scope is the key's. */
export type ScopedCell = Omit<Cell, 'scope'>;

/** A value and where it belongs. */
export interface PlainField extends SealFieldOptions {
  readonly cell: ScopedCell;
  readonly plaintext: Uint8Array | string;
}

/** A sealed value and where it belongs. */
export interface SealedField {
  readonly cell: ScopedCell;
  readonly sealed: Uint8Array;
}

/** A value that is no column's. */
export interface PlainValue {
  readonly plaintext: Uint8Array | string;
  /** Authenticated, not stored: whoever opens it must give the same. */
  readonly context: string;
}

/** A sealed value that is no column's. */
export interface SealedValue {
  readonly sealed: Uint8Array;
  readonly context: string;
}

/**
 * Sealing fields and values with data keys. The synchronous forms are for hooks that cannot wait, and want the key warm.
 *
 * All of them throw KeyringError: ERR_KEY_NOT_FOUND, ERR_KEY_DELETED, ERR_KEY_DESTROYED, ERR_KEY_STATE,
 * ERR_KEY_UNAVAILABLE, ERR_KEY_ALTERED, ERR_KEY_SPENT (sealing), ERR_KEY_COMPROMISED (opening), ERR_KEY_NOT_WARM
 * (synchronous forms). Opening throws CryptoError as `openField` does: ERR_OPEN_FAILED for anything that was changed.
 */
export interface FieldOperations {
  sealField(id: KeyId, cell: ScopedCell, plaintext: Uint8Array | string): Promise<Buffer>;
  openField(id: KeyId, cell: ScopedCell, sealed: Uint8Array, access?: Access): Promise<Buffer>;
  /** All or none, in the same order. */
  sealFields(id: KeyId, fields: readonly PlainField[]): Promise<Buffer[]>;
  /** All or none, in the same order. */
  openFields(id: KeyId, fields: readonly SealedField[], access?: Access): Promise<Buffer[]>;
  sealFieldSync(id: KeyId, cell: ScopedCell, plaintext: Uint8Array | string, options?: SealFieldOptions): Buffer;
  openFieldSync(id: KeyId, cell: ScopedCell, sealed: Uint8Array, access?: Access): Buffer;
  sealValue(id: KeyId, value: PlainValue): Promise<Buffer>;
  openValue(id: KeyId, value: SealedValue, access?: Access): Promise<Buffer>;
  /** All or none, in the same order. */
  sealValues(id: KeyId, values: readonly PlainValue[]): Promise<Buffer[]>;
  /** All or none, in the same order. */
  openValues(id: KeyId, values: readonly SealedValue[], access?: Access): Promise<Buffer[]>;
}

/** Tables of our own, which no application has, so that a field never opens as a value of another sort. */
const RESERVED = 'bw1/';

/** Sealing fields on an access to keys. */
export function fieldOperations(access: KeyAccess, emit: EmitKeyEvent, now: () => number): FieldOperations {
  function sealing(id: KeyId, fields: readonly PlainField[]): SealingWork<Buffer[]> {
    const plaintexts = fields.map(({ plaintext }) => bytesOf(plaintext));
    const bytes = plaintexts.reduce((sum, { length }) => sum + length, 0);
    return {
      uses: fields.length,
      bytes,
      run(version, key) {
        requireKind(key, 'data');
        const sealed = fields.map(({ cell, pad }, i) =>
          sealField(fieldKeyOf(version), { ...cell, scope: id.scope }, plaintexts[i]!, pad ? { pad } : undefined),
        );
        emit('sealed', id, {
          version: version.version.version,
          count: fields.length,
          purpose: purposeOf(fields[0]?.cell),
        });
        return sealed;
      },
    };
  }

  function opening(
    id: KeyId,
    fields: readonly SealedField[],
    { allowCompromised = false }: Access,
  ): OpeningWork<Buffer[]> {
    const facts = { count: fields.length, purpose: purposeOf(fields[0]?.cell) };
    const kids = telling(id, facts, () => fields.map(({ sealed }) => encodeBase64Url(fieldKeyId(sealed))));
    return {
      kids: kids.length === 1 ? kids : [...new Set(kids)],
      bytes: fields.reduce((sum, { sealed }) => sum + sealed.length, 0),
      allowCompromised,
      run(key) {
        requireKind(key, 'data');
        const plaintexts = telling(id, facts, () =>
          fields.map(({ cell, sealed }, i) =>
            openField(() => fieldKeyFor(id, key, kids[i]!), { ...cell, scope: id.scope }, sealed),
          ),
        );
        emit('opened', id, facts);
        return plaintexts;
      },
    };
  }

  /** Tells of a failure why it failed; who asked learns no more than the error says. */
  function telling<R>(id: KeyId, facts: KeyEventFacts, work: () => R): R {
    try {
      return work();
    } catch (error) {
      emit('open-failed', id, { ...facts, reason: reasonOf(error) });
      throw error;
    }
  }

  function fieldKeyFor(id: KeyId, key: UsableKey, kid: string): FieldKey | undefined {
    const found = openingVersion(key, kid, now());
    if (found?.version.state === 'compromised') emit('opened-compromised', id, { version: found.version.version });
    return found && fieldKeyOf(found);
  }

  const valueCell = (id: KeyId, context: string): ScopedCell => ({
    table: `${RESERVED}value`,
    column: id.name,
    row: undefined,
    extra: context,
  });
  const plainCells = (id: KeyId, values: readonly PlainValue[]) =>
    values.map(({ plaintext, context }) => ({ cell: valueCell(id, context), plaintext }));
  const sealedCells = (id: KeyId, values: readonly SealedValue[]) =>
    values.map(({ sealed, context }) => ({ cell: valueCell(id, context), sealed }));

  const sealAll = async (id: KeyId, fields: readonly PlainField[]) =>
    fields.length === 0 ? [] : access.sealing(id, sealing(id, fields));
  const openAll = async (id: KeyId, fields: readonly SealedField[], allowed: Access = {}) =>
    fields.length === 0 ? [] : access.opening(id, opening(id, fields, allowed));

  return {
    sealField: async (id, cell, plaintext) => (await sealAll(id, [ordinary({ cell, plaintext })]))[0]!,
    openField: async (id, cell, sealed, allowed) => (await openAll(id, [ordinary({ cell, sealed })], allowed))[0]!,
    sealFields: async (id, fields) => sealAll(id, fields.map(ordinary)),
    openFields: async (id, fields, allowed) => openAll(id, fields.map(ordinary), allowed),
    sealFieldSync: (id, cell, plaintext, options) =>
      access.sealingSync(id, sealing(id, [ordinary({ cell, plaintext, ...options })]))[0]!,
    openFieldSync: (id, cell, sealed, allowed = {}) =>
      access.openingSync(id, opening(id, [ordinary({ cell, sealed })], allowed))[0]!,
    sealValue: async (id, value) => (await sealAll(id, plainCells(id, [value])))[0]!,
    openValue: async (id, value, allowed) => (await openAll(id, sealedCells(id, [value]), allowed))[0]!,
    sealValues: (id, values) => sealAll(id, plainCells(id, values)),
    openValues: (id, values, allowed) => openAll(id, sealedCells(id, values), allowed),
  };
}

function ordinary<T extends { readonly cell: ScopedCell }>(field: T): T {
  if (!field.cell.table.startsWith(RESERVED)) return field;
  throw new KeyringError('ERR_ARGUMENT', `cell.table must not start with ${RESERVED}`);
}

function bytesOf(value: Uint8Array | string): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
}

function purposeOf(cell: ScopedCell | undefined): string | null {
  return cell ? `${cell.table}.${cell.column}` : null;
}
