import type { DataSource, ObjectLiteral, QueryBuilder } from 'typeorm';
import { unsupported } from '../../table-cipher.ts';
import { columnMention } from '../column-mention.ts';
import { declaredTables, type EncryptedEntity, encryptedEntity } from './entities.ts';

type ExpressionMap = QueryBuilder<ObjectLiteral>['expressionMap'];

/**
 * Refuses SQL text of the application's own that names an encrypted column: what it does with it is not to be known,
 * and compared with anything but itself a sealed value gives no answer. Selecting such a column alone is fine.
 *
 * @throws FieldsError ERR_UNSUPPORTED_QUERY
 */
export function refuseRawSql({ expressionMap: query, dataSource }: QueryBuilder<ObjectLiteral>): void {
  for (const alias of query.aliases) if (!alias.hasMetadata) refuseTableName(dataSource, alias.tablePath);
  const sources = query.aliases.flatMap((alias) => {
    const entity = alias.hasMetadata ? encryptedEntity(alias.metadata) : undefined;
    return entity ? [{ entity, names: namesOf(entity), alias: alias.name }] : [];
  });
  if (sources.length === 0) return;
  const columns = new Set(
    sources.flatMap(({ names, alias }) => [alias, ...[...names].map((name) => `${alias}.${name}`)]),
  );
  const selected = query.selects.map(({ selection }) => selection).filter((text) => !columns.has(text));
  const texts = [...textsOf(query), ...selected];
  for (const { entity, names, alias } of sources) {
    const mention = columnMention(alias, names);
    const found = texts.map((text) => mention.exec(text)).find((match) => match !== null);
    if (found) {
      const why = 'is encrypted and stands in SQL text: write conditions as objects, and order and group by others';
      throw unsupported(entity.table, found[1] ?? found[2] ?? '*', why);
    }
  }
}

/** A declared table by a name that TypeORM knows no entity by, such as `public.people`, would be taken as it is. */
function refuseTableName(dataSource: DataSource, path: string | undefined): void {
  const name = /([\w$-]+)\W*$/.exec(path ?? '')?.[1]?.toLowerCase();
  const table = declaredTables(dataSource).find((known) => known.table.toLowerCase() === name);
  if (table) throw unsupported(table, '*', 'is encrypted: name its entity, not the table');
}

/** Every piece of a query that is SQL text, apart from what it selects. */
function textsOf(query: ExpressionMap): string[] {
  return [
    ...query.wheres.flatMap(({ condition }) => conditionTexts(condition)),
    ...query.havings.map(({ condition }) => condition),
    ...Object.keys(query.orderBys),
    ...query.groupBys,
    ...query.selectDistinctOn,
    ...query.joinAttributes.flatMap(({ condition }) => condition ?? []),
    ...(query.onUpdate?.overwriteCondition ?? []).flatMap(({ condition }) => conditionTexts(condition)),
    ...(query.onUpdate?.indexPredicate === undefined ? [] : [query.onUpdate.indexPredicate]),
    ...[query.valuesSet ?? []].flat().flatMap(valueTexts),
  ];
}

function conditionTexts(condition: ExpressionMap['wheres'][number]['condition']): string[] {
  if (typeof condition === 'string') return [condition];
  if (Array.isArray(condition)) return condition.flatMap((clause) => conditionTexts(clause.condition));
  return 'condition' in condition ? conditionTexts(condition.condition) : condition.parameters;
}

/** SQL that stands for values: `set({ city: () => 'upper(city)' })`. */
function valueTexts(values: ObjectLiteral): string[] {
  return Object.values(values).flatMap((value: unknown) => (typeof value === 'function' ? [String(value())] : []));
}

/** All names that encrypted columns have, hidden ones too. */
function namesOf({ table, hidden, metadata }: EncryptedEntity): ReadonlySet<string> {
  const encrypted = metadata.columns.filter(
    ({ propertyName }) => Object.hasOwn(table.fields, propertyName) || hidden.has(propertyName),
  );
  return new Set(encrypted.flatMap(({ propertyName, databaseName }) => [propertyName, databaseName]));
}
