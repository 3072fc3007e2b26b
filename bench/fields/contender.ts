import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateKey } from '@bulwark/crypto';
import { openFields } from '@bulwark/fields';
import { encryptedFields } from '@bulwark/fields/kysely';
import { localRoot, memoryStore, openKeys } from '@bulwark/keyring';
import { Kysely, sql } from 'kysely';
import { kyselyDialect } from '../../testing/kysely-dialect.ts';
import { median } from '../median.ts';
import { createTable, customer, declarationOf, type Tables, type Variant } from './customers.ts';
import { callsOf, lookUp, type OperationName, type Place } from './operations.ts';
import type { Turn } from './turn.ts';

/* One variant in a process of its own, so that memory and CPU are its own. Does what it is told; ends with its parent. */

const SCOPE = 'acme';
const ROWS_OF_AN_INSERT = 500;

const [variant, url, rows] = process.argv.slice(2) as [Variant, string, string];
const isPostgres = url.startsWith('postgres:');
const place = await open();
const calls = callsOf(place);

const orders = {
  /** Inserts customers by the hundred. */
  async fill(from: number, to: number): Promise<Turn> {
    return timed(Math.ceil((to - from) / ROWS_OF_AN_INSERT), to - from, async (i) => {
      const first = from + i * ROWS_OF_AN_INSERT;
      const count = Math.min(ROWS_OF_AN_INSERT, to - first);
      const values = Array.from({ length: count }, (_, at) => customer(first + at, place.rows));
      await place.db.insertInto('customers').values(values).execute();
    });
  },
  /** undefined where the variant has no such thing. */
  turn(name: OperationName, count: number): Promise<Turn> | undefined {
    const call = calls[name];
    return call && timed(count, count, call);
  },
  async listen(): Promise<number> {
    const server = createServer((request, response) => {
      const email = new URL(request.url!, 'http://localhost').searchParams.get('email')!;
      lookUp(place, email).then(
        (found) => response.setHeader('content-type', 'application/json').end(JSON.stringify(found)),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  },
  usage: () => ({ cpuMicros: cpuMicros(), rss: process.memoryUsage.rss() }),
  /** Bytes of the table with its indexes. */
  async size(): Promise<number> {
    const db = place.db.withoutPlugins();
    if (isPostgres) {
      const { rows } = await sql<{ size: string }>`SELECT pg_total_relation_size('customers') AS size`.execute(db);
      return Number(rows[0]!.size);
    }
    await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(db);
    return (await stat(url)).size;
  },
};

process.on('message', async ({ order, args }: { order: keyof typeof orders; args: never[] }) => {
  try {
    const result: unknown = await Reflect.apply(orders[order], orders, args);
    process.send?.({ result });
  } catch (error) {
    process.send?.({ failure: String(error) });
  }
});
process.once('disconnect', () => process.exit(0));
process.send?.('ready');

async function open(): Promise<Place> {
  const plain = new Kysely<Tables>({ dialect: kyselyDialect(url) });
  await createTable(plain, variant, isPostgres);
  const table = declarationOf(variant);
  const shared = { variant, rows: Number(rows), table };
  if (!table) return { ...shared, db: plain, fields: undefined };
  const keys = openKeys({ store: memoryStore(), roots: [localRoot(generateKey())] });
  if (variant === 'a256gcm') await keys.create({ scope: SCOPE, name: 'fields' }, { suite: 'A256GCM' });
  const fields = openFields({ keys, tables: [table], scope: SCOPE });
  await fields.ready();
  return { ...shared, db: plain.withPlugin(encryptedFields(fields)), fields };
}

/** @param count What the calls come to: rows or queries. */
async function timed(times: number, count: number, call: (i: number) => unknown): Promise<Turn> {
  const latencies: number[] = [];
  const [startedAt, cpuBefore] = [performance.now(), cpuMicros()];
  for (let i = 0; i < times; i++) {
    const calledAt = performance.now();
    const result = call(i);
    // Waiting for what is not a promise would cost as much as a seal.
    if (result instanceof Promise) await result;
    latencies.push(performance.now() - calledAt);
  }
  const [seconds, cpu] = [(performance.now() - startedAt) / 1000, cpuMicros() - cpuBefore];
  return { latencyMicros: median(latencies) * 1000, perSecond: count / seconds, cpuMicros: cpu / count };
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
