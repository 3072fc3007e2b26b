import { type EntityMetadata, In, type ObjectLiteral, type QueryBuilder } from 'typeorm';
import type { Row } from '../../row-id.ts';
import { conditionsIn, fieldCondition, resolveConditions, resolveParameters, scopeIn } from './conditions.ts';
import { type EncryptedEntity, encryptedEntity } from './entities.ts';
import { refuseRawSql } from './raw-sql.ts';

/** What query builders of all kinds do about conditions on encrypted fields. */
export interface EncryptedQuery {
  /** The entity that the query is about, if it has encrypted columns. */
  entity(): EncryptedEntity | undefined;
  /** Gets the keys that the conditions need. */
  ready(): Promise<void>;
  /** The SQL of a query, with conditions on fields put in their place. @throws FieldsError ERR_UNSUPPORTED_QUERY */
  toSql(build: () => string): string;
  parameters(parameters: ObjectLiteral): ObjectLiteral;
  /** Builds conditions of one object, that say of each other whose row it is. */
  within<R>(where: unknown, build: () => R, metadata?: EntityMetadata, alias?: string): R;
  /** Stands for a condition on a field; undefined: the property is none. @throws FieldsError ERR_UNSUPPORTED_QUERY */
  condition(path: string, value: unknown): string | undefined;
}

/** Those of one query builder, which gives its way of making a parameter: that is protected. */
export function encryptedQuery(
  builder: QueryBuilder<ObjectLiteral>,
  createParameter: (value: unknown) => string,
): EncryptedQuery {
  const query = builder.expressionMap;
  /** By alias: relations in `find` conditions have one before the query knows it. */
  const metadataOf = new Map<string, EntityMetadata>();
  const scopes = new Map<string, Row>();

  /** Updates and deletions name columns alone. */
  const mainAlias = () => (query.aliasNamePrefixingEnabled ? (query.mainAlias?.name ?? '') : '');
  const mainMetadata = () => (query.mainAlias?.hasMetadata ? query.mainAlias.metadata : undefined);

  /** Alternatives are built one after the other from one list: they say whose row it is for one another only if they agree. */
  function scopeOfAll(entity: EncryptedEntity, where: unknown): Row {
    if (!Array.isArray(where)) return scopeIn(entity, where);
    const [first = {}, ...others] = where.map((one) => scopeIn(entity, one));
    const { scope } = entity.table;
    if (typeof scope !== 'object') return first;
    const isSame = (row: Row) => row[scope.column] === first[scope.column];
    return others.every(isSame) ? first : { [scope.column]: In([]) };
  }

  function metadataFor(alias: string): EntityMetadata | undefined {
    if (alias === mainAlias()) return mainMetadata();
    const joined = query.joinAttributes.find((join) => join.alias?.name === alias)?.alias;
    return metadataOf.get(alias) ?? (joined?.hasMetadata ? joined.metadata : undefined);
  }

  return {
    entity: () => encryptedEntity(mainMetadata()),

    async ready() {
      for (const condition of conditionsIn(query.parameters)) await condition.ready();
    },

    toSql(build) {
      refuseRawSql(builder);
      return resolveConditions(build(), query.parameters);
    },

    parameters: resolveParameters,

    within(where, build, metadata = mainMetadata(), alias = mainAlias()) {
      if (metadata) metadataOf.set(alias, metadata);
      const entity = encryptedEntity(metadata);
      const before = scopes.get(alias) ?? {};
      if (entity) scopes.set(alias, scopeOfAll(entity, where));
      try {
        return build();
      } finally {
        scopes.set(alias, before);
      }
    },

    condition(path, value) {
      const dot = query.aliasNamePrefixingEnabled ? path.indexOf('.') : -1;
      const alias = path.slice(0, Math.max(dot, 0));
      const toName = (column: string) =>
        alias === '' ? builder.escape(column) : `${builder.escape(alias)}.${builder.escape(column)}`;
      const entity = encryptedEntity(metadataFor(alias));
      const condition = fieldCondition(entity, path.slice(dot + 1), value, scopes.get(alias) ?? {}, toName);
      return condition && `(${createParameter(condition)})`;
    },
  };
}
