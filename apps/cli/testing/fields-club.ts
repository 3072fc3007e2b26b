import { join } from 'node:path';
import { email, encrypted, number, text } from '@bulwark/fields';
import { defineFields, type FieldsConfig } from '@bulwark/fields/jobs';
import { fileStore, openKeys } from '@bulwark/keyring';
import { keyFileRoot } from '@bulwark/keyring/roots/key-file';
import { sqlStore } from '@bulwark/keyring/sql';
import { Kysely } from 'kysely';
import { kyselyDialect } from '../../../testing/kysely-dialect.ts';

/** How long a job that was killed is left alone, in ms. */
export const LEASE_MS = 1_000;
/** Long enough for a machine that is busy: who could not look for two of them stops. ms. */
const EVERY_MS = 400;

const people = encrypted(
  'people',
  {
    email: email({ search: 'unique', column: 'email_sealed', plainColumn: 'email' }),
    salary: number({ column: 'salary_sealed', plainColumn: 'salary' }),
  },
  { scope: { column: 'tenant' } },
);
const notes = encrypted('notes', { note: text() });

/**
 * An application whose database and keys are below a directory: what its `bulwark.fields.mjs` exports.
 *
 * @param how keysInDatabase: keys are looked for in the database, where nobody has made tables for them.
 */
export function club(directory: string, { keysInDatabase = false } = {}): FieldsConfig {
  return defineFields({
    tables: [people, notes],
    database: () => new Kysely({ dialect: kyselyDialect(join(directory, 'club.db')) }),
    keys: async (database) =>
      openKeys({
        store: keysInDatabase ? sqlStore(database) : await fileStore(join(directory, 'key-dir/keys')),
        roots: [await keyFileRoot(join(directory, 'root.key'))],
      }),
    scope: 'acme',
    everyMs: EVERY_MS,
    leaseMs: LEASE_MS,
  });
}
