import { createKeyringTables } from '@bulwark/keyring/sql';
import type { Kysely } from 'kysely';
import { appendIdType, bigNumber, bytesType, notNull } from '../dialect.ts';

/** Tenants and their keys, machines and what they report, users and their sessions. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const bytes = bytesType(db);

  await db.schema
    .createTable('tenant')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('slug', 'text', (c) => c.notNull().unique())
    .addColumn('created_at', bigNumber, notNull)
    .execute();

  await createKeyringTables(db);

  await db.schema
    .createTable('machine')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('no', 'integer', (c) => c.notNull().unique())
    .addColumn('tenant_id', 'text', (c) => c.notNull().references('tenant.id'))
    .addColumn('name', bytes, notNull)
    .addColumn('info', bytes)
    .addColumn('agreement_key', bytes, (c) => c.notNull().unique())
    .addColumn('signing_key', bytes, notNull)
    .addColumn('key_epoch', 'integer', notNull)
    .addColumn('token_hash', bytes, (c) => c.notNull().unique())
    .addColumn('interval_seconds', 'integer', notNull)
    .addColumn('enrolled_at', bigNumber, notNull)
    .addColumn('revoked_at', bigNumber)
    .execute();

  await db.schema
    .createTable('enrolment_token')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('tenant_id', 'text', (c) => c.notNull().references('tenant.id'))
    .addColumn('token_hash', bytes, (c) => c.notNull().unique())
    .addColumn('created_at', bigNumber, notNull)
    .addColumn('expires_at', bigNumber, notNull)
    .addColumn('used_at', bigNumber)
    .addColumn('machine_id', 'text')
    .execute();

  await db.schema
    .createTable('machine_key')
    .addColumn('machine_no', 'integer', notNull)
    .addColumn('key_no', 'integer', notNull)
    .addColumn('created_at', bigNumber, notNull)
    .addColumn('sealed_key', bytes, notNull)
    .addPrimaryKeyConstraint('machine_key_pk', ['machine_no', 'key_no'])
    .execute();

  await db.schema
    .createTable('machine_boot')
    .addColumn('machine_no', 'integer', notNull)
    .addColumn('boot_no', 'integer', notNull)
    .addColumn('boot_id', bytes, notNull)
    .addColumn('first_seen_at', bigNumber, notNull)
    .addPrimaryKeyConstraint('machine_boot_pk', ['machine_no', 'boot_no'])
    .execute();

  await db.schema
    .createTable('series_dictionary')
    .addColumn('machine_no', 'integer', notNull)
    .addColumn('hash', bytes, notNull)
    .addColumn('key_no', 'integer', notNull)
    .addColumn('counter', bigNumber, notNull)
    .addColumn('body', bytes, notNull)
    .addPrimaryKeyConstraint('series_dictionary_pk', ['machine_no', 'hash'])
    .execute();

  await db.schema
    .createTable('hot_report')
    .addColumn('id', appendIdType(db), (c) => c.primaryKey())
    .addColumn('machine_no', 'integer', notNull)
    .addColumn('received_at', bigNumber, notNull)
    .addColumn('boot_no', 'integer', notNull)
    .addColumn('sequence', bigNumber, notNull)
    .addColumn('key_no', 'integer', notNull)
    .addColumn('counter', bigNumber, notNull)
    .addColumn('body', bytes, notNull)
    .execute();
  await db.schema.createIndex('hot_report_machine').on('hot_report').columns(['machine_no', 'received_at']).execute();

  await db.schema
    .createTable('user')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('tenant_id', 'text', (c) => c.notNull().references('tenant.id'))
    .addColumn('username', bytes, notNull)
    .addColumn('username_index', bytes, notNull)
    .addColumn('password_hash', 'text', notNull)
    .addColumn('role', 'text', notNull)
    .addColumn('created_at', bigNumber, notNull)
    .addUniqueConstraint('user_username', ['tenant_id', 'username_index'])
    .execute();

  await db.schema
    .createTable('session')
    .addColumn('token_hash', bytes, (c) => c.primaryKey())
    .addColumn('user_id', 'text', (c) => c.notNull().references('user.id').onDelete('cascade'))
    .addColumn('created_at', bigNumber, notNull)
    .addColumn('last_used_at', bigNumber, notNull)
    .addColumn('expires_at', bigNumber, notNull)
    .execute();
}
