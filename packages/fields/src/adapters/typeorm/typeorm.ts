import {
  type DataSource,
  DeleteQueryBuilder,
  InsertQueryBuilder,
  type ObjectLiteral,
  QueryBuilder,
  SelectQueryBuilder,
  UpdateQueryBuilder,
} from 'typeorm';
import { SoftDeleteQueryBuilder } from 'typeorm/query-builder/SoftDeleteQueryBuilder.js';
import type { Fields } from '../../fields.ts';
import { EncryptedDeleteQueryBuilder, EncryptedSoftDeleteQueryBuilder } from './delete-query-builder.ts';
import { isEncrypting, remember } from './entities.ts';
import { EncryptedInsertQueryBuilder } from './insert-query-builder.ts';
import { redactNotFound } from './not-found.ts';
import { EncryptedSelectQueryBuilder } from './select-query-builder.ts';
import { EncryptedUpdateQueryBuilder } from './update-query-builder.ts';

export { type EncryptedColumns, encryptedColumns, hiddenProperty } from './columns.ts';

/**
 * Makes a data source encrypt: entities with `encryptedColumns` are saved, found and loaded with plain values, through
 * repositories, entity managers and query builders alike. Call it once, before the first query.
 *
 * @returns The same data source.
 * @throws FieldsError ERR_DECLARATION (called twice). Queries of an entity throw it where its columns are not those of
 *   the declared table; ERR_UNSUPPORTED_QUERY where an encrypted field has no answer to them.
 */
export function encryptDataSource<D extends DataSource>(dataSource: D, fields: Fields): D {
  remember(dataSource, fields);
  registerBuilders();
  redactNotFound(dataSource, fields);
  const create = dataSource.createQueryBuilder.bind(dataSource) as (
    ...args: unknown[]
  ) => SelectQueryBuilder<ObjectLiteral>;
  dataSource.createQueryBuilder = (...args: unknown[]) => new EncryptedSelectQueryBuilder<never>(create(...args));
  return dataSource;
}

/**
 * What TypeORM makes of `createQueryBuilder().update()` and the like. It knows one maker of each kind for all data
 * sources; those that do not encrypt get what they had.
 */
function registerBuilders(): void {
  type Builder = QueryBuilder<ObjectLiteral>;
  type Maker = new (builder: Builder) => Builder;
  const register = (kind: string, Plain: Maker, Encrypted: Maker) =>
    QueryBuilder.registerQueryBuilderClass(kind, (builder: Builder) =>
      isEncrypting(builder.dataSource) ? new Encrypted(builder) : new Plain(builder),
    );
  register('SelectQueryBuilder', SelectQueryBuilder, EncryptedSelectQueryBuilder);
  register('InsertQueryBuilder', InsertQueryBuilder, EncryptedInsertQueryBuilder);
  register('UpdateQueryBuilder', UpdateQueryBuilder, EncryptedUpdateQueryBuilder);
  register('DeleteQueryBuilder', DeleteQueryBuilder, EncryptedDeleteQueryBuilder);
  register('SoftDeleteQueryBuilder', SoftDeleteQueryBuilder, EncryptedSoftDeleteQueryBuilder);
}
