import { randomUUID } from 'node:crypto';
import type { FieldCipher, IndexKey } from '@bulwark/keyring';
import { ROLES } from '@bulwark/protocol';
import { sql } from 'kysely';
import type { Database } from '../../db/schema.ts';

export type Role = (typeof ROLES)[number];

export interface User {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
}

interface NewUser {
  username: string;
  passwordHash: string;
  role: Role;
}

export interface UserStoreDeps {
  db: Database;
  tenantId: string;
  fields: FieldCipher;
  index: IndexKey;
  now: () => number;
}

export type UserStore = ReturnType<typeof userStore>;

/** Users of one tenant. Names are sealed, each to its row, and found by blind index without regard to case. */
export function userStore({ db, tenantId, fields, index, now }: UserStoreDeps) {
  const cell = (id: string) => ({ table: 'user', column: 'username', row: id });

  return {
    /** What a name is found by: 16 bytes that say nothing of it. Any text has one. */
    indexOf(username: string): Buffer {
      const wellFormed = username.toWellFormed().trim();
      return index.index({ table: 'user', column: 'username', normaliser: 'caseless' }, wellFormed);
    },

    async hasAny(): Promise<boolean> {
      const query = db.selectFrom('user').select('id').where('tenant_id', '=', tenantId).limit(1);
      return (await query.executeTakeFirst()) !== undefined;
    },

    async findByIndex(usernameIndex: Buffer): Promise<{ user: User; passwordHash: string } | undefined> {
      const row = await db
        .selectFrom('user')
        .select(['id', 'username', 'role', 'password_hash'])
        .where('tenant_id', '=', tenantId)
        .where('username_index', '=', usernameIndex)
        .executeTakeFirst();
      return row && { user: this.toUser(row), passwordHash: row.password_hash };
    },

    /** Creates a user where there is none at all; of several at once, only one does. Undefined where it did not. */
    async createFirst({ username, passwordHash, role }: NewUser): Promise<User | undefined> {
      const id = randomUUID();
      const row = {
        id,
        tenant_id: tenantId,
        username: fields.seal(cell(id), username),
        username_index: this.indexOf(username),
        password_hash: passwordHash,
        role,
        created_at: now(),
      };
      return db.transaction().execute(async (trx) => {
        // Writing the tenant's row makes the others wait here until this transaction is over, on both engines.
        await sql`update tenant set created_at = created_at where id = ${tenantId}`.execute(trx);
        const existing = await trx.selectFrom('user').select('id').where('tenant_id', '=', tenantId).executeTakeFirst();
        if (existing !== undefined) return undefined;
        await trx.insertInto('user').values(row).execute();
        return { id, username, role };
      });
    },

    async setPasswordHash(userId: string, passwordHash: string): Promise<void> {
      await db.updateTable('user').set({ password_hash: passwordHash }).where('id', '=', userId).execute();
    },

    /** @throws CryptoError when the name was altered or is of another row */
    toUser({ id, username, role }: { id: string; username: Uint8Array; role: string }): User {
      const known = ROLES.find((name) => name === role);
      if (known === undefined) throw new Error(`user ${id} has a role that is not known`);
      return { id, username: fields.openText(cell(id), username), role: known };
    },
  };
}
