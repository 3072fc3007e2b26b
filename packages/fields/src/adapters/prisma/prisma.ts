import type { Fields } from '../../fields.ts';
import type { EncryptedTable, PlainFields } from '../../table.ts';
import { isArgs, refused, refuseFunctions } from './args.ts';
import { readModels } from './models.ts';
import { runCall } from './operations.ts';

/** The declared tables of a schema, by the names of their Prisma models. */
export type DeclaredModels = Readonly<Record<string, EncryptedTable>>;

/** Fields that Prisma has as text and the application as something else. */
type RetypedFields<T> = {
  [K in keyof PlainFields<T> as NonNullable<PlainFields<T>[K]> extends string ? never : K]: () => {
    needs: Record<never, never>;
    compute: () => PlainFields<T>[K];
  };
};

/** What Prisma's types are told of the extension: what results hold. */
export type EncryptedFieldsArgs<M extends DeclaredModels> = {
  result: { [K in keyof M & string as Uncapitalize<K>]: RetypedFields<M[K]> };
  model: Record<never, never>;
  query: Record<never, never>;
  client: Record<never, never>;
};

/** An extension of a Prisma client, for `$extends`. */
export type EncryptedFieldsExtension<M extends DeclaredModels> = (client: unknown) => {
  $extends: { extArgs: EncryptedFieldsArgs<M> };
};

/**
 * Values of fields that are no text, for `data` and `where`: Prisma's types know their columns only, which are text.
 *
 * @example
 * await prisma.customer.create({ data: { id, name, ...asColumns(customers, { lastSeen: new Date(), salary: 4242.5 }) } });
 *
 * @returns The values themselves, under a type that goes for any column.
 */
export function asColumns<T extends EncryptedTable, V extends Partial<PlainFields<T>>>(
  _table: T,
  values: V,
): { [K in keyof V]: never } {
  return values as { [K in keyof V]: never };
}

/** What Prisma gives an extension for each call of a model's method. */
interface QueryEvent {
  readonly model?: string;
  readonly operation: string;
  readonly args: unknown;
  readonly query: (args: unknown) => Promise<unknown>;
  /** Not of its interface; what is missing here fails closed. */
  readonly __internalParams?: {
    readonly dataPath?: readonly string[];
    readonly transaction?: { readonly kind?: string };
  };
}

interface ExtensibleClient {
  $extends(extension: object): unknown;
}

/**
 * Seals the encrypted fields of what is written through the client, opens them in what is read, and searches them by
 * their indexes. Queries that an encrypted field has no answer to, and those that cannot be looked through, are refused
 * before the database is asked. Raw queries are not seen.
 *
 * @example
 * const prisma = new PrismaClient({ adapter }).$extends(encryptedFields(fields, { Customer: customers }));
 *
 * @param tables Every model of the schema whose table is declared in `fields`.
 * @throws FieldsError ERR_DECLARATION from `$extends` (a model without the columns that its table needs, or left out);
 *   from queries ERR_UNSUPPORTED_QUERY, ERR_ROW_ID_MISSING, ERR_SCOPE_MISSING and those of TableCipher
 */
export function encryptedFields<const M extends DeclaredModels>(
  fields: Fields,
  tables: M,
): EncryptedFieldsExtension<M> {
  return (client) => {
    const models = readModels(client, fields, tables);
    const extension = {
      name: '@bulwark/fields',
      query: {
        $allModels: {
          async $allOperations({ model: name, operation, args, query, __internalParams: internal }: QueryEvent) {
            const model = name === undefined ? undefined : models.get(name);
            if (!model) throw refused('a query on a model that is not known cannot be looked through');
            if (!model.reachesDeclared) return query(args);
            refuseFunctions(args);
            return runCall(fields, model, {
              operation,
              args: isArgs(args) ? args : {},
              query,
              // Selectors and relations in turn: `select`, `orders`.
              resultPath: internal?.dataPath?.filter((_, at) => at % 2 === 1) ?? [],
              isInBatch: internal?.transaction?.kind === 'batch',
            });
          },
        },
      },
    };
    // The result is typed by `EncryptedFieldsArgs`, for nothing of it is there at run time.
    return (client as ExtensibleClient).$extends(extension) as ReturnType<EncryptedFieldsExtension<M>>;
  };
}
