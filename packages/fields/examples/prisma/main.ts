// Encrypted columns in Prisma: run it with `node packages/fields/examples/prisma/main.ts`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generateKey } from '@bulwark/crypto';
import { apiSecret, date, email, encrypted, newRowId, openFields, text } from '@bulwark/fields';
import { encryptedFields } from '@bulwark/fields/prisma';
import { localRoot, memoryStore, openKeys } from '@bulwark/keyring';
import { openPrisma } from './open-prisma.ts';

const scope = { column: 'tenant_id' };
const customers = encrypted(
  'customers',
  { email: email({ search: 'unique' }), notes: text(), lastSeen: date({ column: 'last_seen' }) },
  { scope },
);
const slackConnections = encrypted('slack_connections', { botToken: apiSecret({ column: 'bot_token' }) }, { scope });
const confluenceConnections = encrypted(
  'confluence_connections',
  { accessToken: apiSecret({ column: 'access_token' }) },
  { scope },
);

// In earnest: a root in a KMS or a file, and a store in the database.
const keys = openKeys({ store: memoryStore(), roots: [localRoot(generateKey())] });
const fields = openFields({ keys, tables: [customers, slackConnections, confluenceConnections], scope: 'acme' });

const folder = await mkdtemp(path.join(tmpdir(), 'bulwark-example-'));
const base = await openPrisma(folder);
try {
  for (const sql of [
    `CREATE TABLE customers (id text PRIMARY KEY, tenant_id text NOT NULL, city text, email text,
       email_index text UNIQUE, notes text, last_seen text)`,
    'CREATE TABLE slack_connections (id text PRIMARY KEY, tenant_id text NOT NULL, team text NOT NULL, bot_token text)',
    `CREATE TABLE confluence_connections (id text PRIMARY KEY, tenant_id text NOT NULL, site text NOT NULL,
       access_token text)`,
  ]) {
    await base.$executeRawUnsafe(sql);
  }

  const prisma = base.$extends(
    encryptedFields(fields, {
      Customer: customers,
      SlackConnection: slackConnections,
      ConfluenceConnection: confluenceConnections,
    }),
  );

  const row = () => ({ id: newRowId(), tenantId: 'acme' });
  const ada = await prisma.customer.create({
    data: { ...row(), city: 'London', email: 'Ada@example.test', notes: 'likes engines', lastSeen: new Date(0) },
  });
  await prisma.$transaction(async (tx) => {
    await tx.slackConnection.create({ data: { ...row(), team: 'T1', botToken: 'xoxb-example' } });
    await tx.confluenceConnection.create({ data: { ...row(), site: 'wiki', accessToken: 'ATATT-example' } });
  });
  await prisma.customer.update({ where: { id: ada.id }, data: { notes: 'likes looms' } });

  console.log('stored:', await base.$queryRawUnsafe('SELECT * FROM customers'));
  console.log('stored:', await base.$queryRawUnsafe('SELECT * FROM slack_connections'));
  console.log('found by e-mail:', await prisma.customer.findUnique({ where: { email: 'ada@EXAMPLE.test' } }));
  console.log('bot token:', (await prisma.slackConnection.findMany({ where: { team: 'T1' } }))[0]?.botToken);
  console.log('access token:', (await prisma.confluenceConnection.findMany())[0]?.accessToken);
  await prisma.customer.findMany({ where: { notes: { contains: 'looms' } } }).catch((error: { code: string }) => {
    console.log('refused:', error.code);
  });
} finally {
  await base.$disconnect();
  await rm(folder, { recursive: true });
}
