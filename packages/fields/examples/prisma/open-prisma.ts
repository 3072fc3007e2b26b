import { execFile } from 'node:child_process';
import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { PrismaLibSql } from '@prisma/adapter-libsql';

/** The methods that the example uses. An application has the generated types, with all others. */
export interface Model<Row> {
  create(args: { data: Partial<Row> }): Promise<Row>;
  findUnique(args: { where: Partial<Row> }): Promise<Row | null>;
  findMany(args?: { where?: object; orderBy?: object; select?: object }): Promise<Row[]>;
  update(args: { where: Partial<Row>; data: Partial<Row> }): Promise<Row>;
}

export interface Connection {
  id: string;
  tenantId: string;
}

export interface Client {
  readonly customer: Model<Connection & { city: string; email: string; notes: string; lastSeen: Date }>;
  readonly slackConnection: Model<Connection & { team: string; botToken: string }>;
  readonly confluenceConnection: Model<Connection & { site: string; accessToken: string }>;
  $extends(extension: unknown): Client;
  $transaction<R>(work: (tx: Client) => Promise<R>): Promise<R>;
  $executeRawUnsafe(sql: string): Promise<number>;
  $queryRawUnsafe(sql: string): Promise<unknown[]>;
  $disconnect(): Promise<void>;
}

/** What `npx prisma generate` and `new PrismaClient({ adapter })` do in an application, in a folder of the example's own. */
export async function openPrisma(folder: string): Promise<Client> {
  const require = createRequire(import.meta.url);
  const prisma = path.dirname(require.resolve('prisma/package.json'));
  const schema = path.join(folder, 'schema.prisma');
  await mkdir(folder, { recursive: true });
  await copyFile(path.join(import.meta.dirname, 'schema.prisma'), schema);
  await symlink(path.dirname(prisma), path.join(folder, 'node_modules'), 'dir');
  await promisify(execFile)(process.execPath, [path.join(prisma, 'build/index.js'), 'generate', '--schema', schema], {
    cwd: folder,
    // Generating needs no engine: so none is looked for in the network.
    env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' },
  });
  const { PrismaClient } = (await import(pathToFileURL(path.join(folder, 'client/client.ts')).href)) as {
    PrismaClient: new (options: object) => Client;
  };
  return new PrismaClient({ adapter: new PrismaLibSql({ url: `file:${path.join(folder, 'example.db')}` }) });
}
