import { type DataSource, type EntityManager, EntityNotFoundError } from 'typeorm';
import type { Fields } from '../../fields.ts';

/** Keeps values of fields out of the errors of `findOneOrFail` and its like, which tell what was looked for. */
export function redactNotFound(dataSource: DataSource, fields: Fields): void {
  const create = dataSource.createEntityManager.bind(dataSource);
  dataSource.createEntityManager = (...args) => redacting(create(...args), fields);
  redacting(dataSource.manager, fields);
}

function redacting(manager: EntityManager, fields: Fields): EntityManager {
  const { findOneOrFail, findOneByOrFail } = manager;
  const guarded =
    <A extends unknown[], R>(find: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      try {
        return await find.apply(manager, args);
      } catch (error) {
        if (!(error instanceof EntityNotFoundError)) throw error;
        throw new EntityNotFoundError(error.entityClass, fields.redact(error.criteria));
      }
    };
  return Object.assign(manager, {
    findOneOrFail: guarded(findOneOrFail),
    findOneByOrFail: guarded(findOneByOrFail),
  });
}
