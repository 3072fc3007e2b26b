import { type ObjectLiteral, SelectQueryBuilder, UpdateQueryBuilder, type UpdateResult } from 'typeorm';
import { FieldsError } from '../../errors.ts';
import { type Row, rowIdOf, scopeOf } from '../../row-id.ts';
import { unsupported } from '../../table-cipher.ts';
import { encryptedQuery } from './encrypted-query.ts';
import type { EncryptedEntity } from './entities.ts';
import { givenFields, refuseReturning, sealValues } from './seal-values.ts';

/** Seals what is updated, by `save`, `update` or a query of its own, if the conditions say which row it is. */
export class EncryptedUpdateQueryBuilder<E extends ObjectLiteral> extends UpdateQueryBuilder<E> {
  readonly #query = encryptedQuery(this, (value) => this.createParameter(value));
  /** The tenant of the row, where only the database knew it. */
  #storedScope: Row = {};

  override async execute(): Promise<UpdateResult> {
    await this.#query.ready();
    const entity = this.#query.entity();
    if (entity) await this.#readyFor(entity);
    return super.execute();
  }

  async #readyFor(entity: EncryptedEntity): Promise<void> {
    const { table, fields } = entity;
    const values = this.getValueSet();
    const set = entity.placeOf(values);
    const known = this.#knownRow(entity);
    const seals = givenFields(entity, values).some((name) => values[name] !== null);
    this.#storedScope = {};
    if (typeof table.scope === 'object' && known[table.scope.column] === undefined) {
      const isNeeded = seals || set[table.scope.column] !== undefined;
      if (isNeeded) this.#storedScope = await this.#readScope(entity, table.scope.column, known);
    }
    if (!seals) return;
    const row = { ...known, ...this.#storedScope };
    await fields.ready(scopeOf(table, row, fields.defaultScope()));
    if (typeof table.scope === 'object' && set[table.scope.column] !== undefined) {
      await fields.ready(scopeOf(table, set, undefined));
    }
  }

  /** Asks the database whose row it is, and holds the update to that. */
  async #readScope(entity: EncryptedEntity, column: string, known: Row): Promise<Row> {
    const { table, metadata } = entity;
    if (rowIdOf(table, known) === undefined) {
      const isRowBound = Object.values(table.fields).some(({ bind }) => bind === 'row');
      if (isRowBound) return {}; // and is refused when it comes to sealing
      const why = `several rows may be of several tenants: name the ${column} in the condition`;
      throw new FieldsError('ERR_SCOPE_MISSING', `${table.name}: ${why}`);
    }
    const alias = metadata.tableName;
    const query = new SelectQueryBuilder(this.dataSource, this.queryRunner)
      .select(`${alias}.${entity.propertyOf(column)}`, 'scope')
      .from(metadata.target, alias)
      .where(Object.fromEntries(table.id.map((id) => [entity.propertyOf(id), known[id]])))
      .withDeleted();
    const scope = (await query.getRawOne<{ scope: unknown }>())?.scope;
    if (scope === undefined || scope === null) return {};
    this.andWhere({ [entity.propertyOf(column)]: scope });
    return { [column]: scope };
  }

  override getQuery(): string {
    const entity = this.#query.entity();
    if (!entity) return this.#query.toSql(() => super.getQuery());
    const map = this.expressionMap;
    const known = { ...this.#knownRow(entity), ...this.#storedScope };
    refuseReturning(entity, map.returning);
    refuseMove(entity, this.getValueSet(), known);
    const { valuesSet } = map;
    map.valuesSet = sealValues(entity, this.getValueSet(), known);
    try {
      return this.#query.toSql(() => super.getQuery());
    } finally {
      map.valuesSet = valuesSet!;
    }
  }

  override getParameters(): ObjectLiteral {
    return this.#query.parameters(super.getParameters());
  }

  /** What the conditions say of every row that they match: only what all of them together demand. */
  #knownRow(entity: EncryptedEntity): Row {
    const { wheres, parameters } = this.expressionMap;
    const equal = equalities(wheres) ?? new Map<string, string>();
    const row: Record<string, unknown> = {};
    for (const column of entity.placeColumns) {
      const parameter = equal.get(entity.propertyOf(column));
      if (parameter !== undefined) row[column] = parameters[parameter.slice(1)];
    }
    return row;
  }

  protected override getWhereCondition(where: Parameters<UpdateQueryBuilder<E>['where']>[0]) {
    return this.#query.within(where, () => super.getWhereCondition(where));
  }

  protected override getWherePredicateCondition(path: string, value: unknown) {
    return this.#query.condition(path, value) ?? super.getWherePredicateCondition(path, value);
  }
}

type Clauses = UpdateQueryBuilder<ObjectLiteral>['expressionMap']['wheres'];
type Condition = Clauses[number]['condition'];

/** Which properties must equal which parameters; undefined: that cannot be told, as with OR or SQL text. */
function equalities(clauses: Clauses): Map<string, string> | undefined {
  const all = new Map<string, string>();
  for (const [at, { type, condition }] of clauses.entries()) {
    const found = type === 'or' && at > 0 ? undefined : conditionEqualities(condition);
    if (!found) return undefined;
    for (const [property, parameter] of found) all.set(property, parameter);
  }
  return all;
}

function conditionEqualities(condition: Condition): Map<string, string> | undefined {
  if (typeof condition === 'string') return /^\(:orm_param_\d+\)$/.test(condition) ? new Map() : undefined;
  if (Array.isArray(condition)) return equalities(condition);
  if ('condition' in condition) {
    const inner = conditionEqualities(condition.condition);
    return condition.operator === 'not' ? inner && new Map() : inner;
  }
  const { operator, parameters } = condition;
  const [property, ...values] = parameters;
  if (!values.every((value) => /^:orm_param_\d+$/.test(value))) return undefined;
  const isEqual = (operator === 'equal' || operator === 'in') && values.length === 1;
  return isEqual ? new Map([[property!, values[0]!]]) : new Map();
}

/**
 * A row with another id or tenant opens only if all of its fields are sealed anew.
 *
 * @throws FieldsError ERR_UNSUPPORTED_QUERY
 */
function refuseMove(entity: EncryptedEntity, values: ObjectLiteral, known: Row): void {
  const { table } = entity;
  const moved = Object.entries(entity.placeOf(values)).find(
    ([column, value]) => value !== undefined && String(value) !== String(known[column]),
  );
  if (moved && givenFields(entity, values).length < Object.keys(table.fields).length) {
    throw unsupported(
      table,
      moved[0],
      'is what values are sealed for: with another one, write all encrypted fields too',
    );
  }
}
