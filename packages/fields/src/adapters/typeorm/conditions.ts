import { FindOperator, InstanceChecker, type ObjectLiteral } from 'typeorm';
import { type Row, scopeOf } from '../../row-id.ts';
import type { ResolvedField } from '../../table.ts';
import { unsupported } from '../../table-cipher.ts';
import type { EncryptedEntity } from './entities.ts';
import { Unsealed } from './values.ts';

/** What a condition asks of a field. */
type Question = { readonly isNull: boolean } | { readonly values: readonly unknown[] };

type ToName = (column: string) => string;

/**
 * A condition on a field that is yet to become SQL. It stands in the query as a parameter in parentheses, and is put in
 * its place when the query is sent: TypeORM builds conditions without waiting, and indexes want keys.
 */
export class FieldCondition {
  readonly entity: EncryptedEntity;
  readonly field: ResolvedField;
  readonly #question: Question;
  /** The tenant, where another condition names it. */
  readonly #scope: Row;
  /** A column as the query has to name it. */
  readonly #toName: ToName;
  #resolved: { readonly sql: string; readonly parameters: ObjectLiteral } | undefined;

  constructor(entity: EncryptedEntity, field: ResolvedField, question: Question, scope: Row, toName: ToName) {
    this.entity = entity;
    this.field = field;
    this.#question = question;
    this.#scope = scope;
    this.#toName = toName;
  }

  /** Gets the keys that the condition needs. */
  async ready(): Promise<void> {
    const { fields, table } = this.entity;
    this.#resolved = undefined; // a query may be sent again later, for another tenant or with other columns
    if ('values' in this.#question) await fields.ready(scopeOf(table, this.#scope, fields.defaultScope()));
  }

  /** SQL with parameters named after `name`, and what they are. */
  resolve(name: string): { readonly sql: string; readonly parameters: ObjectLiteral } {
    this.#resolved ??=
      'isNull' in this.#question ? this.#nullCheck(this.#question.isNull) : this.#search(name, this.#question.values);
    return this.#resolved;
  }

  #nullCheck(isNull: boolean) {
    const columns = this.entity.cipher.columnsOf(this.field.name).map(this.#toName);
    const nothing = columns.map((column) => `${column} IS NULL`).join(' AND ');
    return { sql: isNull ? nothing : `NOT (${nothing})`, parameters: {} };
  }

  #search(name: string, wanted: readonly unknown[]) {
    const byColumn = new Map<string, unknown[]>();
    for (const value of wanted) {
      const { alternatives, isExact } = this.entity.cipher.search(this.field.name, value, { row: this.#scope });
      if (!isExact) throw unsupported(this.entity.table, this.field.name, SHORTENED);
      for (const { column, values } of alternatives) {
        byColumn.set(column, [...(byColumn.get(column) ?? []), ...values.map((one) => this.#prepare(column, one))]);
      }
    }
    const parts = [...byColumn.keys()].map((column, at) => `${this.#toName(column)} IN (:...${name}.${at})`);
    const parameters = Object.fromEntries([...byColumn.values()].map((values, at) => [`${name}.${at}`, values]));
    return { sql: parts.length === 0 ? '0 = 1' : parts.join(' OR '), parameters };
  }

  /** As TypeORM gives it to the driver; a column of a field takes what it stores. */
  #prepare(column: string, value: unknown): unknown {
    const { metadata } = this.entity;
    const found = metadata.findColumnWithDatabaseName(column)!;
    return found.transformer ? value : (metadata.dataSource.driver.preparePersistentValue(value, found) as unknown);
  }

  /** Reached only by SQL of a query that was not sent through a query builder of ours. */
  toPostgres(): never {
    throw unsupported(this.entity.table, this.field.name, 'is used in a query that does not encrypt');
  }

  toJSON(): string {
    return '[condition]';
  }
}

const SHORTENED = 'has a shortened index, whose false matches a query of TypeORM cannot drop: use search "filter"';

/**
 * What TypeORM is to take for a condition on the property: undefined where it is none of ours.
 *
 * @throws FieldsError ERR_UNSUPPORTED_QUERY
 */
export function fieldCondition(
  entity: EncryptedEntity | undefined,
  property: string,
  value: unknown,
  scope: Row,
  toName: ToName,
): FieldCondition | undefined {
  if (!entity) return undefined;
  if (entity.hidden.has(property)) throw unsupported(entity.table, property, 'is of the encryption: ask the field');
  const field = entity.fieldOf(property);
  if (!field) return undefined;
  const question = questionOf(entity, field, value);
  if ('values' in question && Object.values(scope).some((one) => InstanceChecker.isFindOperator(one))) {
    throw unsupported(entity.table, property, 'is searched in one tenant at a time');
  }
  return new FieldCondition(entity, field, question, scope, toName);
}

/** Operators that ask for equality with any of some values. */
const EQUALS: ReadonlySet<string> = new Set(['equal', 'in', 'or']);

function questionOf(entity: EncryptedEntity, field: ResolvedField, value: unknown): Question {
  const { table } = entity;
  if (InstanceChecker.isFindOperator(value)) {
    if (value.type === 'isNull') return { isNull: true };
    if (value.type === 'not' && value.child?.type === 'isNull') return { isNull: false };
    if (!EQUALS.has(value.type)) {
      throw unsupported(table, field.name, `is encrypted and cannot be compared by ${value.type}`);
    }
    requireSearch();
    return { values: equalsOf(value) };
  }
  if (!(value instanceof Unsealed)) throw unsupported(table, field.name, 'is null or none: compare with IsNull()');
  requireSearch();
  return { values: [value.value] };

  function requireSearch(): void {
    if (!field.index) throw unsupported(table, field.name, 'is encrypted and was declared without `search`');
  }

  function equalsOf(operator: FindOperator<unknown>): unknown[] {
    return [operator.value].flat().flatMap((one) => {
      if (one instanceof Unsealed) return [one.value];
      if (one === null) return [null]; // and is refused when it is searched for
      if (operator.type === 'or' && one instanceof FindOperator && EQUALS.has(one.type)) return equalsOf(one);
      throw unsupported(table, field.name, 'is encrypted: alternatives of it are Equal and In');
    });
  }
}

/** Whose row the conditions in one object ask for: `find({ where: { tenant_id, email } })`. */
export function scopeIn({ table, placeOf }: EncryptedEntity, where: unknown): Row {
  if (typeof table.scope !== 'object' || typeof where !== 'object' || where === null || Array.isArray(where)) return {};
  const { column } = table.scope;
  const value = placeOf(where)[column];
  return {
    [column]: InstanceChecker.isFindOperator(value) && value.type === 'equal' ? (value.value as unknown) : value,
  };
}

/** Puts conditions on fields in their place. */
export function resolveConditions(sql: string, parameters: ObjectLiteral): string {
  return sql.replaceAll(/:(orm_param_\d+)/g, (whole, name: string) => {
    const condition: unknown = parameters[name];
    return condition instanceof FieldCondition ? condition.resolve(name).sql : whole;
  });
}

/** The parameters of a query, with those of the conditions on fields instead of the conditions. */
export function resolveParameters(parameters: ObjectLiteral): ObjectLiteral {
  const all: ObjectLiteral = {};
  for (const [name, value] of Object.entries(parameters)) {
    if (value instanceof FieldCondition) Object.assign(all, value.resolve(name).parameters);
    else all[name] = value;
  }
  return all;
}

export function conditionsIn(parameters: ObjectLiteral): FieldCondition[] {
  return Object.values(parameters).filter((value) => value instanceof FieldCondition);
}
