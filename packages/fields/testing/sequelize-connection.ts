import { type Options, Sequelize } from 'sequelize';
import type { Engine } from '../../../testing/databases.ts';
import { sqlite3 } from '../examples/sequelize/sqlite3-on-node.ts';

/** A Sequelize with all that it has sent to its database. */
export interface TestSequelize {
  readonly sequelize: Sequelize;
  /** Statements with their parameters, as text, since the last call. */
  sent(): string[];
}

/** Connects to the SQLite file or the PostgreSQL of the URL, and runs statements there. */
export async function sequelizeConnection(
  { engine, url }: { readonly engine: Engine; readonly url: string },
  statements: readonly string[],
): Promise<TestSequelize> {
  const sent: string[] = [];
  const options: Options = { logging: (sql) => void sent.push(sql), logQueryParameters: true };
  const sequelize =
    engine === 'postgres'
      ? new Sequelize(url, options)
      : new Sequelize({ ...options, dialect: 'sqlite', storage: url, dialectModule: sqlite3 });
  for (const statement of statements) await sequelize.query(statement);
  return { sequelize, sent: () => sent.splice(0) };
}
