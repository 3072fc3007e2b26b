import { DeleteQueryBuilder, type DeleteResult, type ObjectLiteral, type UpdateResult } from 'typeorm';
import { SoftDeleteQueryBuilder } from 'typeorm/query-builder/SoftDeleteQueryBuilder.js';
import { encryptedQuery } from './encrypted-query.ts';

/** Deletes by conditions on encrypted fields. */
export class EncryptedDeleteQueryBuilder<E extends ObjectLiteral> extends DeleteQueryBuilder<E> {
  readonly #query = encryptedQuery(this, (value) => this.createParameter(value));

  override getQuery(): string {
    return this.#query.toSql(() => super.getQuery());
  }

  override getParameters(): ObjectLiteral {
    return this.#query.parameters(super.getParameters());
  }

  override async execute(): Promise<DeleteResult> {
    await this.#query.ready();
    return super.execute();
  }

  protected override getWhereCondition(where: Parameters<DeleteQueryBuilder<E>['where']>[0]) {
    return this.#query.within(where, () => super.getWhereCondition(where));
  }

  protected override getWherePredicateCondition(path: string, value: unknown) {
    return this.#query.condition(path, value) ?? super.getWherePredicateCondition(path, value);
  }
}

/** Marks as deleted, and back, by conditions on encrypted fields. */
export class EncryptedSoftDeleteQueryBuilder<E extends ObjectLiteral> extends SoftDeleteQueryBuilder<E> {
  readonly #query = encryptedQuery(this, (value) => this.createParameter(value));

  override getQuery(): string {
    return this.#query.toSql(() => super.getQuery());
  }

  override getParameters(): ObjectLiteral {
    return this.#query.parameters(super.getParameters());
  }

  override async execute(): Promise<UpdateResult> {
    await this.#query.ready();
    return super.execute();
  }

  protected override getWhereCondition(where: Parameters<SoftDeleteQueryBuilder<E>['where']>[0]) {
    return this.#query.within(where, () => super.getWhereCondition(where));
  }

  protected override getWherePredicateCondition(path: string, value: unknown) {
    return this.#query.condition(path, value) ?? super.getWherePredicateCondition(path, value);
  }
}
