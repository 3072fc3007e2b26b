import type { Fields } from '../../fields.ts';
import { unsupported } from '../../table-cipher.ts';
import type { Shapes } from './dialect.ts';
import type { Session } from './internals.ts';
import { opened, type Shape } from './results.ts';

const taken = new WeakSet<Session>();

/** Has a session, and those of its transactions, open what queries give. */
export function careOfSession(session: Session, shapes: Shapes, fields: Fields): void {
  // Some drivers run a transaction in the session that it was begun in.
  if (taken.has(session)) return;
  taken.add(session);
  const prepareQuery = session.prepareQuery.bind(session);
  const transaction = session.transaction.bind(session);

  session.prepareQuery = (query, selection, ...rest) => {
    const { columns, shape } = selection
      ? shapes.ofSelection(selection)
      : { columns: undefined, shape: shapes.ofQuery(query) };
    const prepared = prepareQuery(query, columns, ...rest);
    return shape && hasParts(shape) ? opening(prepared, shape, fields) : prepared;
  };

  session.transaction = (work, ...rest) =>
    transaction(
      (tx) => {
        careOfSession(tx.session, shapes, fields);
        return work(tx);
      },
      ...rest,
    );
}

function hasParts({ parts, below }: Shape): boolean {
  return parts.length > 0 || below.some(({ shape }) => hasParts(shape));
}

const GIVES_ROWS: ReadonlySet<PropertyKey> = new Set(['execute', 'all', 'get', 'run', 'mapResult']);

/** A prepared query whose rows are opened. */
function opening(prepared: object, shape: Shape, fields: Fields): object {
  return new Proxy(prepared, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== 'function') return member;
      if (name === 'values') return () => refuseValues(shape);
      // With SQLite `execute` asks one of the others, here of the proxy.
      const isForwarding = name === 'execute' && 'executeMethod' in target;
      if (!GIVES_ROWS.has(name) || isForwarding) return member;
      return (...args: unknown[]) => opened(Reflect.apply(member, target, args), shape, fields);
    },
  });
}

function refuseValues({ parts, below }: Shape): never {
  const part = parts[0];
  if (!part) return refuseValues(below.find(({ shape }) => hasParts(shape))!.shape);
  const field = part.columns.find((column) => column.field !== undefined)!.field!;
  throw unsupported(part.cipher.table, field, 'is not opened by values(): use all() or get()');
}
