import { rowRoom, writeRow } from './canonical.ts';
import { writeBytesPart, writeTextPart } from './pae.ts';
import { textRoom } from './utf8.ts';

/** Where a value lives. All parts are authenticated with it, none is stored. */
export interface Cell {
  /** Tenant or other owner of the key. */
  readonly scope: string;
  /** Stable logical name, not the physical one, so that a table can be renamed. */
  readonly table: string;
  /** Stable logical name. */
  readonly column: string;
  /** Row id; UUIDs are compared as such. `undefined` binds to the column only: rows can then be swapped unnoticed. */
  readonly row: string | undefined;
  /** More context, such as a row version, without which an older value of the same cell would still open. */
  readonly extra?: string;
}

const LABEL = 'bw1/field';
const MAX_PARTS = 7;

// Every seal and open of a field comes through here. Memory of its own for each, or a list of parts for `pae`, would
// cost a tenth of the time of the whole. What is written to it is not secret.
const scratch = Buffer.allocUnsafeSlow(2048);

type Names = Pick<Cell, 'scope' | 'table' | 'column'>;

// What `scratch` holds since the last call. The values of a column come one after the other: their names are there
// already, and the view is mostly as long.
let written: (Names & { readonly start: number; readonly end: number }) | undefined;
let view = scratch;

/**
 * What a field authenticates besides itself: `pae("bw1/field", header, scope, table, column, row?, extra?)`.
 *
 * An absent row or extra is a shorter list. Which of the two a sixth part is, the binding in the header says.
 *
 * @returns A view of memory that the next call overwrites.
 * @throws CryptoError ERR_ARGUMENT
 */
export function associatedDataOf(header: Uint8Array, cell: Cell): Buffer {
  const { scope, table, column, row, extra } = cell;
  const room =
    4 * (1 + MAX_PARTS) +
    textRoom(LABEL) +
    header.length +
    textRoom(scope) +
    textRoom(table) +
    textRoom(column) +
    rowRoom(row ?? '') +
    textRoom(extra ?? '');
  const data = room <= scratch.length ? scratch : Buffer.allocUnsafe(room);

  const parts = 5 + (row === undefined ? 0 : 1) + (extra === undefined ? 0 : 1);
  let end = data.writeUInt32BE(parts, 0);
  end = writeTextPart(data, end, LABEL);
  end = writeBytesPart(data, end, header);
  end = data === scratch ? writeNamesOnce(cell, end) : writeNames(data, cell, end);
  if (row !== undefined) {
    const length = writeRow(data, row, end + 4);
    end = data.writeUInt32BE(length, end) + length;
  }
  if (extra !== undefined) end = writeTextPart(data, end, extra);
  if (data !== scratch) return data.subarray(0, end);
  if (view.length !== end) view = scratch.subarray(0, end);
  return view;
}

function writeNamesOnce({ scope, table, column }: Names, start: number): number {
  if (written?.start === start && written.scope === scope && written.table === table && written.column === column) {
    return written.end;
  }
  written = undefined; // should a name be refused, the memory holds neither the old names nor the new ones
  const end = writeNames(scratch, { scope, table, column }, start);
  written = { scope, table, column, start, end };
  return end;
}

function writeNames(data: Buffer, { scope, table, column }: Names, start: number): number {
  let end = writeTextPart(data, start, scope);
  end = writeTextPart(data, end, table);
  return writeTextPart(data, end, column);
}
