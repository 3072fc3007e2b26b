import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type Cell, pae } from '@bulwark/crypto';

/** What everybody seals: 64 bytes that are text as well, since some take only text. */
export const TEXT = randomBytes(32).toString('hex');
export const PLAINTEXT = Buffer.from(TEXT);

/** Where the value lives; whoever can bind a value to its context binds it to this. */
export const CELL: Cell = {
  scope: 'acme',
  table: 'users',
  column: 'email',
  row: '0190d1c4-9c1e-7a3b-8000-00c0ffee0001',
};

/** Associated data as long as that of a field in `CELL`, for those who are given bytes; made once, so it costs them nothing. */
export const ASSOCIATED_DATA = pae(
  'bw1/field',
  Buffer.alloc(21),
  CELL.scope,
  CELL.table,
  CELL.column,
  Buffer.alloc(17),
);

/** One way to seal a value and open it again. */
export interface Contender {
  readonly name: string;
  readonly seal: () => unknown;
  /** Opens a value that was sealed beforehand. */
  readonly open: () => unknown;
}

/** A contender, after checking that what it seals opens again. */
export async function contender<Sealed>(
  name: string,
  seal: () => Sealed | Promise<Sealed>,
  open: (sealed: Sealed) => Uint8Array | string | Promise<Uint8Array | string>,
): Promise<Contender> {
  const sealed = await seal();
  assert.equal(Buffer.from(await open(sealed)).toString(), TEXT);
  return { name, seal, open: () => open(sealed) };
}
