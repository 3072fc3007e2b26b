import type { Stored } from '../../cell-cipher.ts';
import { FieldsError } from '../../errors.ts';
import type { ResolvedField } from '../../table.ts';
import type { TableCipher } from '../../table-cipher.ts';

/**
 * A plain value of an encrypted column, as TypeORM compares it to find changes and puts it into conditions. No driver
 * takes it: what was not sealed or made an index of on the way fails there, and is not in any log either.
 */
export class Unsealed {
  readonly #field: ResolvedField;
  readonly #value: unknown;

  constructor(field: ResolvedField, value: unknown) {
    this.#field = field;
    this.#value = value;
  }

  get value(): unknown {
    return this.#value;
  }

  /** Whether this is the same value; of two that the field does not take it is never known. */
  holds(value: unknown): boolean {
    if (Object.is(this.#value, value) && typeof value !== 'object') return true;
    try {
      const { type } = this.#field;
      return Buffer.compare(type.encode(this.#value), type.encode(value)) === 0;
    } catch {
      return false;
    }
  }

  toJSON(): string {
    return '[unsealed]';
  }

  /** Called by `pg` for a parameter. */
  toPostgres(): never {
    throw notInstalled();
  }

  /** Called by drivers for MySQL. */
  toSqlString(): never {
    throw notInstalled();
  }
}

/** A value as it is stored, on its way to the database. */
export class Sealed {
  readonly stored: Stored;

  constructor(stored: Stored) {
    this.stored = stored;
  }
}

/** What one row holds of its encrypted columns, opened together at the first look at any of them. */
export class OpenableRow {
  readonly #open: () => Readonly<Record<string, unknown>>;
  #opened: Readonly<Record<string, unknown>> | undefined;

  constructor(cipher: TableCipher, stored: Readonly<Record<string, unknown>>) {
    this.#open = () => cipher.openRow(stored);
  }

  read(field: string): unknown {
    this.#opened ??= this.#open();
    return this.#opened[field];
  }
}

/** A field of a row in a result, opened when TypeORM makes an entity of it. */
export class Cell {
  readonly row: OpenableRow;
  /** As the database gave it, for raw results. */
  readonly stored: unknown;

  constructor(row: OpenableRow, stored: unknown) {
    this.row = row;
    this.stored = stored;
  }
}

/** The error of columns that were declared, on a data source that does not know of it. */
export function notInstalled(): FieldsError {
  const how = 'call encryptDataSource with it before its first query';
  return new FieldsError('ERR_DECLARATION', `the data source does not encrypt: ${how}`);
}
