import { execFile } from 'node:child_process';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { PrismaLibSql } from '@prisma/adapter-libsql';
import { PrismaPg } from '@prisma/adapter-pg';
import type { Engine } from '../../../testing/databases.ts';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const MODULES = path.join(import.meta.dirname, '../../../node_modules');

export type Arguments = Readonly<Record<string, unknown>>;
export type Result = Record<string, unknown>;

/** The methods of a model. Its true types are generated, and so not there for the checks of this repository. */
export interface Delegate {
  findUnique(args: Arguments): Promise<Result | null>;
  findUniqueOrThrow(args: Arguments): Promise<Result>;
  findFirst(args?: Arguments): Promise<Result | null>;
  findFirstOrThrow(args?: Arguments): Promise<Result>;
  findMany(args?: Arguments): Promise<Result[]>;
  create(args: Arguments): Promise<Result>;
  createMany(args: Arguments): Promise<{ count: number }>;
  createManyAndReturn(args: Arguments): Promise<Result[]>;
  update(args: Arguments): Promise<Result>;
  updateMany(args: Arguments): Promise<{ count: number }>;
  updateManyAndReturn(args: Arguments): Promise<Result[]>;
  upsert(args: Arguments): Promise<Result>;
  delete(args: Arguments): Promise<Result>;
  deleteMany(args?: Arguments): Promise<{ count: number }>;
  count(args?: Arguments): Promise<number>;
  aggregate(args: Arguments): Promise<Result>;
  groupBy(args: Arguments): Promise<Result[]>;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A generated client. */
export interface TestClient {
  readonly customer: Delegate;
  readonly slackConnection: Delegate;
  readonly confluenceConnection: Delegate;
  readonly shop: Delegate;
  readonly member: Delegate;
  readonly order: Delegate;
  $extends(extension: unknown): TestClient;
  $transaction<R>(work: (client: TestClient) => Promise<R>): Promise<R>;
  $transaction(queries: readonly Promise<unknown>[]): Promise<unknown[]>;
  $queryRawUnsafe(sql: string, ...values: unknown[]): Promise<Result[]>;
  $executeRawUnsafe(sql: string, ...values: unknown[]): Promise<number>;
  $on(event: 'query', listener: (event: { readonly query: string; readonly params: string }) => void): void;
  $disconnect(): Promise<void>;
}

/**
 * Generates the client of a schema into a folder, without the network: what would be downloaded is not used for it.
 *
 * @returns The file to import.
 */
export async function generateClient(folder: string, schema: string): Promise<string> {
  await writeFile(path.join(folder, 'schema.prisma'), schema);
  // The generated sources import the runtime by its name.
  await symlink(MODULES, path.join(folder, 'node_modules'), 'dir');
  const cli = path.join(path.dirname(require.resolve('prisma/package.json')), 'build/index.js');
  await run(process.execPath, [cli, 'generate', '--schema', path.join(folder, 'schema.prisma')], {
    cwd: folder,
    env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' },
  });
  return path.join(folder, 'client/client.ts');
}

/** The schema of the tests, for one kind of database. */
export async function testSchema(engine: Engine): Promise<string> {
  const schema = await readFile(path.join(import.meta.dirname, 'prisma.prisma'), 'utf8');
  return engine === 'sqlite' ? schema : schema.replace('"sqlite"', '"postgresql"');
}

/** Opens a client on a database. */
export async function openClient(file: string, engine: Engine, url: string): Promise<TestClient> {
  const { PrismaClient } = (await import(pathToFileURL(file).href)) as {
    PrismaClient: new (options: object) => TestClient;
  };
  const adapter =
    engine === 'sqlite' ? new PrismaLibSql({ url: `file:${url}` }) : new PrismaPg({ connectionString: url });
  return new PrismaClient({ adapter, errorFormat: 'minimal', log: [{ emit: 'event', level: 'query' }] });
}
