import {
  type EntityMetadata,
  type FindOptionsWhere,
  IsNull,
  type ObjectLiteral,
  type QueryRunner,
  SelectQueryBuilder,
} from 'typeorm';
import { DriverUtils } from 'typeorm/driver/DriverUtils.js';
import { scopeOf } from '../../row-id.ts';
import { encryptedQuery } from './encrypted-query.ts';
import { type EncryptedEntity, encryptedEntity } from './entities.ts';
import { Cell, OpenableRow } from './values.ts';

type RawRow = Record<string, unknown>;

/** Finds by encrypted fields, and opens those of the entities that it gives, at whatever depth they are. */
export class EncryptedSelectQueryBuilder<E extends ObjectLiteral> extends SelectQueryBuilder<E> {
  readonly #query = encryptedQuery(this, (value) => this.createParameter(value));

  override getQuery(): string {
    return this.#query.toSql(() => super.getQuery());
  }

  override getParameters(): ObjectLiteral {
    return this.#query.parameters(super.getParameters());
  }

  /** For a page of entities with relations TypeORM loads by a clone, which has to know that it is for entities. */
  override clone(): this {
    const clone = super.clone();
    clone.expressionMap.queryEntity = this.expressionMap.queryEntity;
    return clone;
  }

  override async stream() {
    await this.#query.ready();
    return super.stream();
  }

  override async getRawAndEntities<T = unknown>() {
    const { entities, raw } = await super.getRawAndEntities<T>();
    for (const row of raw as RawRow[]) {
      for (const [name, value] of Object.entries(row)) if (value instanceof Cell) row[name] = value.stored;
    }
    return { entities, raw };
  }

  protected override async executeEntitiesAndRawResults(queryRunner: QueryRunner) {
    await this.#query.ready();
    return super.executeEntitiesAndRawResults(queryRunner);
  }

  protected override async executeExistsQuery(queryRunner: QueryRunner) {
    await this.#query.ready();
    return super.executeExistsQuery(queryRunner);
  }

  protected override async loadRawResults(queryRunner: QueryRunner): Promise<RawRow[]> {
    await this.#query.ready();
    const rows = (await super.loadRawResults(queryRunner)) as RawRow[];
    if (!this.expressionMap.queryEntity) return rows;
    for (const alias of this.expressionMap.aliases) {
      const entity = alias.hasMetadata ? encryptedEntity(alias.metadata) : undefined;
      if (entity) await this.#putCells(rows, entity, alias.name);
    }
    return rows;
  }

  /** Puts in a result, for what is stored of an entity's fields, what opens them with all that is known of their row. */
  async #putCells(rows: readonly RawRow[], entity: EncryptedEntity, alias: string): Promise<void> {
    const { table, cipher, fields, metadata } = entity;
    const columns = metadata.columns.map((column) => ({
      name: column.databaseName,
      key: this.#keyOf(alias, column.databaseName),
      isPrimary: column.isPrimary,
      field: entity.fieldOf(column.propertyPath),
    }));
    const scopes = new Set<string>();
    for (const row of rows) {
      const present = columns.filter(({ key }) => row[key] !== undefined);
      const primary = present.filter(({ isPrimary }) => isPrimary);
      const isJoinedToNothing = primary.length > 0 && primary.every(({ key }) => row[key] === null);
      const sealed = present.filter(({ field }) => field);
      if (sealed.length === 0 || isJoinedToNothing) continue;
      const stored = Object.fromEntries(present.map(({ name, key }) => [name, row[key]]));
      const openable = new OpenableRow(cipher, stored);
      for (const { key } of sealed) row[key] = new Cell(openable, row[key]);
      scopes.add(scopeOf(table, stored, fields.defaultScope()));
    }
    for (const scope of scopes) await fields.ready(scope, 'read');
  }

  /** Selects, beside what the application wants of an entity, what it takes to open that. */
  protected override buildEscapedEntityColumnSelects(alias: string, metadata: EntityMetadata) {
    const selects = super.buildEscapedEntityColumnSelects(alias, metadata);
    const entity = this.expressionMap.queryEntity ? encryptedEntity(metadata) : undefined;
    if (!entity) return selects;
    const { table, cipher, placeColumns } = entity;
    const chosen = new Set(selects.map(({ aliasName }) => aliasName));
    const wanted = Object.values(table.fields).filter(({ column }) => chosen.has(this.#keyOf(alias, column)));
    if (wanted.length === 0) return selects;
    const needed = new Set([...placeColumns, ...wanted.flatMap(({ name }) => cipher.columnsOf(name))]);
    for (const column of needed) {
      const aliasName = this.#keyOf(alias, column);
      if (!chosen.has(aliasName)) {
        selects.push({ selection: `${this.escape(alias)}.${this.escape(column)}`, aliasName });
      }
    }
    return selects;
  }

  #keyOf(alias: string, column: string): string {
    return DriverUtils.buildAlias(this.dataSource.driver, undefined, alias, column);
  }

  protected override buildWhere(
    where: FindOptionsWhere<ObjectLiteral> | FindOptionsWhere<ObjectLiteral>[],
    metadata: EntityMetadata,
    alias: string,
    embedPrefix?: string,
  ): string {
    const entity = encryptedEntity(metadata);
    if (!entity || embedPrefix !== undefined) return super.buildWhere(where, metadata, alias, embedPrefix);
    const asked =
      this.dataSource.options.invalidWhereValuesBehavior?.null === 'sql-null' ? nullChecked(entity, where) : where;
    return this.#query.within(asked, () => super.buildWhere(asked, metadata, alias), metadata, alias);
  }

  protected override getWhereCondition(where: Parameters<SelectQueryBuilder<E>['where']>[0]) {
    return this.#query.within(where, () => super.getWhereCondition(where));
  }

  protected override getWherePredicateCondition(path: string, value: unknown) {
    return this.#query.condition(path, value) ?? super.getWherePredicateCondition(path, value);
  }
}

/** TypeORM makes SQL of a null at once, and knows one column of a field. */
function nullChecked<W extends FindOptionsWhere<ObjectLiteral> | FindOptionsWhere<ObjectLiteral>[]>(
  entity: EncryptedEntity,
  where: W,
): W {
  if (Array.isArray(where)) return where;
  const checked = Object.entries(where).map(([property, value]) => [
    property,
    value === null && entity.fieldOf(property) ? IsNull() : (value as unknown),
  ]);
  return Object.fromEntries(checked) as W;
}
