import { DataSource, type EntitySchema, type Logger } from 'typeorm';
import type { Engine } from '../../../testing/databases.ts';
import { encryptDataSource } from '../src/adapters/typeorm/typeorm.ts';
import type { Fields } from '../src/fields.ts';

/** An open data source with all that it has sent to its database. */
export interface TestDataSource {
  readonly dataSource: DataSource;
  /** Statements with their parameters, as text, since the last call. */
  sent(): string[];
}

/** Opens SQLite in memory, or the PostgreSQL of the URL, and runs statements there. Encrypts if it is given fields. */
export async function typeormDataSource(
  { engine, url }: { readonly engine: Engine; readonly url: string },
  fields: Fields | undefined,
  // biome-ignore lint/suspicious/noExplicitAny: entities of whatever type
  entities: readonly EntitySchema<any>[],
  statements: readonly string[],
): Promise<TestDataSource> {
  const sent: string[] = [];
  const ignored = () => undefined;
  const logger: Logger = {
    logQuery: (query, parameters) => void sent.push(`${query} ${JSON.stringify(parameters)}`),
    logQueryError: ignored,
    logQuerySlow: ignored,
    logSchemaBuild: ignored,
    logMigration: ignored,
    log: ignored,
  };
  const options = { entities: [...entities], logger };
  const dataSource = new DataSource(
    engine === 'postgres' ? { ...options, type: 'postgres', url } : { ...options, type: 'sqljs' },
  );
  if (fields) encryptDataSource(dataSource, fields);
  await dataSource.initialize();
  for (const statement of statements) await dataSource.query(statement);
  return { dataSource, sent: () => sent.splice(0) };
}
