import { InsertQueryBuilder, type InsertResult, type ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { scopeOf } from '../../row-id.ts';
import { unsupported } from '../../table-cipher.ts';
import { encryptedQuery } from './encrypted-query.ts';
import type { EncryptedEntity } from './entities.ts';
import { givenFields, refuseReturning, sealValues } from './seal-values.ts';

/** Seals what is inserted: by `save`, `insert`, `upsert` or a query of its own. The given objects stay as they are. */
export class EncryptedInsertQueryBuilder<E extends ObjectLiteral> extends InsertQueryBuilder<E> {
  readonly #query = encryptedQuery(this, (value) => this.createParameter(value));

  override async execute(): Promise<InsertResult> {
    const entity = this.#query.entity();
    if (entity) await this.#readyFor(entity);
    await this.#query.ready();
    return super.execute();
  }

  async #readyFor(entity: EncryptedEntity): Promise<void> {
    const { table, fields } = entity;
    const scopes = new Set<string>();
    for (const values of this.getValueSets()) {
      if (givenFields(entity, values).length > 0) {
        scopes.add(scopeOf(table, entity.placeOf(values), fields.defaultScope()));
      }
    }
    for (const scope of scopes) await fields.ready(scope);
  }

  override getQuery(): string {
    const entity = this.#query.entity();
    if (!entity) return this.#query.toSql(() => super.getQuery());
    const { table } = entity;
    const map = this.expressionMap;
    if (map.insertFromSelect) throw unsupported(table, '*', 'is encrypted and cannot be filled by a SELECT');
    refuseReturning(entity, map.returning);
    const { valuesSet, onUpdate } = map;
    map.valuesSet = this.getValueSets().map((values) => sealValues(entity, values));
    if (onUpdate) map.onUpdate = { ...onUpdate, overwrite: this.#overwritten(entity, onUpdate) };
    try {
      return this.#query.toSql(() => super.getQuery());
    } finally {
      map.valuesSet = valuesSet!;
      map.onUpdate = onUpdate;
    }
  }

  override getParameters(): ObjectLiteral {
    return this.#query.parameters(super.getParameters());
  }

  /** The columns that an upsert writes where the row is there already. */
  #overwritten(entity: EncryptedEntity, onUpdate: typeof this.expressionMap.onUpdate): string[] {
    const { table, cipher } = entity;
    const { overwrite = [], conflict = [] } = onUpdate;
    const fields = Object.values(table.fields);
    const written = fields.filter(({ column }) => overwrite.includes(column));
    if (written.length === 0) return [...overwrite];
    const target = typeof conflict === 'string' ? undefined : conflict;
    const isById = target?.length === table.id.length && table.id.every((column) => target.includes(column));
    const canTarget = this.dataSource.driver.supportedUpsertTypes.includes('on-conflict-do-update');
    if (written.some(({ bind }) => bind === 'row') && !(isById && canTarget)) {
      const why = `is bound to its row: an upsert of it is by ${table.id.join(', ')}`;
      throw unsupported(table, written[0]!.name, why);
    }
    if (typeof table.scope === 'object' && ![...overwrite, ...(target ?? [])].includes(table.scope.column)) {
      throw unsupported(
        table,
        written[0]!.name,
        `is sealed for a tenant: an upsert of it writes ${table.scope.column} too`,
      );
    }
    const columns = written.flatMap(({ name }) => cipher.writtenColumnsOf(name));
    const others = overwrite.filter((name) => !fields.some(({ column }) => column === name));
    return [...new Set([...others, ...columns])];
  }

  /** Columns of the encryption are named only where they get a value: the database need not have all of them yet. */
  protected override getInsertedColumns(): ColumnMetadata[] {
    const columns = super.getInsertedColumns();
    const entity = this.#query.entity();
    if (!entity) return columns;
    const isEncrypted = ({ propertyPath: path }: ColumnMetadata) =>
      entity.fieldOf(path) !== undefined || entity.hidden.has(path);
    const sets = this.getValueSets();
    const written = entity.metadata.columns.filter(
      (column) => isEncrypted(column) && sets.some((values) => values[column.propertyPath] !== undefined),
    );
    return [...columns.filter((column) => !isEncrypted(column)), ...written];
  }

  protected override getWherePredicateCondition(path: string, value: unknown) {
    return this.#query.condition(path, value) ?? super.getWherePredicateCondition(path, value);
  }
}
