import type { KyselyPlugin, OperationNode, QueryId, QueryNode } from 'kysely';
import type { Fields } from '../../fields.ts';
import type { EncryptedTable, PlainFields } from '../../table.ts';
import { declaredTables } from './declared-tables.ts';
import { type HiddenColumns, hiddenColumns } from './hidden-columns.ts';
import { rewriteQuery } from './queries.ts';
import { openRows } from './results.ts';

/**
 * Tables as the application sees them: encrypted fields by their names, with their types. Columns of indexes and records
 * are not among them.
 *
 * @template DB Tables in Kysely's way, without the encrypted columns or with what they are stored as.
 * @template E The declared tables, by their names in the database.
 */
export type WithEncrypted<DB, E extends { readonly [T in keyof E]: EncryptedTable }> = {
  [T in keyof DB]: T extends keyof E ? Omit<DB[T], keyof PlainFields<E[T]>> & PlainFields<E[T]> : DB[T];
};

/**
 * Encrypted columns for Kysely: `new Kysely<DB>({ dialect, plugins: [encryptedFields(fields)] })`.
 *
 * Kysely builds queries without waiting, so the keys of a scope must be at hand before something is written or searched:
 * `await fields.ready(scope)` at start and when the tenant changes. Reading waits for keys by itself.
 *
 * @throws FieldsError ERR_DECLARATION. A query throws ERR_UNSUPPORTED_QUERY, ERR_ROW_ID_MISSING and what sealing throws
 *   before the database is asked, and what opening throws after.
 */
export function encryptedFields(fields: Fields): KyselyPlugin {
  const tables = declaredTables(fields);
  const hiddenOf = new WeakMap<QueryId, HiddenColumns>();
  const originals = new WeakMap<OperationNode, QueryNode>();
  const originalOf = (node: QueryNode) => originals.get(node) ?? node;

  return {
    transformQuery({ node, queryId }) {
      if (!tables.areIn(node)) return node;
      const hidden = hiddenOf.get(queryId) ?? hiddenColumns();
      hiddenOf.set(queryId, hidden);
      const rewritten = rewriteQuery(node, tables, hidden, originalOf);
      if (rewritten !== node) originals.set(rewritten, node as QueryNode);
      return rewritten;
    },

    async transformResult({ result, queryId }) {
      const hidden = hiddenOf.get(queryId);
      if (!hidden || hidden.size === 0 || result.rows.length === 0) return result;
      const rows = await openRows(result.rows, hidden, fields);
      return rows ? { ...result, rows } : result;
    },
  };
}
