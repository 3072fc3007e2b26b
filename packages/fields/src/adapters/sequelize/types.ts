import type { AbstractDataType } from 'sequelize';
import type { Stored } from '../../cell-cipher.ts';
import { FieldsError } from '../../errors.ts';
import type { EncryptedTable, ResolvedField } from '../../table.ts';

/** A value as it is stored, on its way to the database: the only thing that the column of a field takes. */
export class Sealed {
  readonly stored: Stored;

  constructor(stored: Stored) {
    this.stored = stored;
  }
}

/** Makes of a value what stands for it in a statement with parameters. */
interface BindOptions {
  readonly bindParam: (value: unknown) => string;
}

/** The type of a column of the encryption. Sequelize asks it for the SQL of every value that goes there. */
export class EncryptedType implements AbstractDataType {
  readonly key = 'ENCRYPTED';
  readonly dialectTypes = '';
  readonly table: EncryptedTable;
  /** undefined: an index, of which the application knows nothing. */
  readonly field: ResolvedField | undefined;
  readonly #sql: string;

  constructor(table: EncryptedTable, field: ResolvedField | undefined, sql: string) {
    this.table = table;
    this.field = field;
    this.#sql = sql;
  }

  toSql(): string {
    return this.#sql;
  }

  toString(): string {
    return this.#sql;
  }

  /** @throws FieldsError ERR_DECLARATION (a plain value, which no statement of an encrypting Sequelize has) */
  stringify(value: unknown): string {
    if (value instanceof Sealed) return value.stored as string;
    if (!this.field) return value as string;
    const how = 'call encryptSequelize(sequelize, fields) before the first query';
    throw new FieldsError('ERR_DECLARATION', `${this.table.name}.${this.field.name} was not sealed: ${how}`);
  }

  bindParam(value: unknown, { bindParam }: BindOptions): string {
    return bindParam(this.stringify(value));
  }
}
