import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { assertRefused } from '../testing/tampering.ts';
import { associatedDataOf, type Cell } from './cell.ts';
import { pae } from './pae.ts';

const header = Buffer.alloc(21, 7);
const names = { scope: 'acme', table: 'users', column: 'email', row: undefined };
const uuid = '0190d1c4-9c1e-7a3b-8000-00c0ffee0001';
const asText = (text: string) => Buffer.from(`\u0003${text}`);
const asUuid = Buffer.from(`01${uuid.replaceAll('-', '')}`, 'hex');

describe('the associated data of a field', () => {
  const rows = [
    { name: 'text', row: '42', encoded: asText('42') },
    { name: 'no text', row: '', encoded: asText('') },
    { name: 'a UUID', row: uuid, encoded: asUuid },
    { name: 'a UUID in capitals', row: uuid.toUpperCase(), encoded: asUuid },
    ...[
      `${uuid}0`,
      uuid.slice(1),
      uuid.replace('c4-', 'c44'),
      uuid.replace('-8', '8-'),
      uuid.replace('f', 'g'),
      uuid.replace('f', 'é'),
      uuid.replace('1', '\u0131'),
      uuid.replaceAll('-', ' '),
    ].map((row) => ({ name: `what is nearly a UUID, ${row}`, row, encoded: asText(row) })),
  ];
  for (const { name, row, encoded } of rows) {
    test(`has ${name} as its row`, () => {
      const expected = pae('bw1/field', header, 'acme', 'users', 'email', encoded);
      assert.deepEqual(associatedDataOf(header, { ...names, row }), expected);
    });
  }

  // Names that are there already are not written again.
  test('owes nothing to the cell before', () => {
    const cells: Cell[] = [
      names,
      { ...names, row: '42' },
      { ...names, extra: '42' },
      { ...names, column: 'emai' },
      { ...names, table: 'user', column: 'semail' },
      { ...names, scope: 'acm', table: 'eusers' },
      { ...names, column: 'é'.repeat(2000) },
    ];
    const refused: Cell[] = [
      { ...names, table: '\ud800' },
      { ...names, scope: 'other', column: '\ud800' },
    ];
    const headers = [header, Buffer.alloc(21, 8), Buffer.alloc(20, 9)];
    for (const before of [...cells, ...refused]) {
      for (const cell of cells) {
        for (const header of headers) {
          if (refused.includes(before)) assertRefused(() => associatedDataOf(headers[0]!, before), 'ERR_ARGUMENT');
          else associatedDataOf(headers[0]!, before);
          const { scope, table, column, row, extra } = cell;
          const rest = [row && asText(row), extra].filter((part) => part !== undefined);
          assert.deepEqual(associatedDataOf(header, cell), pae('bw1/field', header, scope, table, column, ...rest));
        }
      }
    }
  });

  test('is one list of parts, whatever their length', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 80 }), fc.constantFrom('', 'é'.repeat(2000)));
    const maybe = fc.option(text, { nil: undefined });
    fc.assert(
      fc.property(text, text, text, maybe, maybe, (scope, table, column, row, extra) => {
        const cell: Cell = { scope, table, column, row, ...(extra !== undefined && { extra }) };
        const parts = ['bw1/field', header, scope, table, column, row && asText(row), extra];
        const present = parts.filter((part) => part !== undefined);
        if (row === '') present[5] = asText('');
        assert.deepEqual(associatedDataOf(header, cell), pae(...present));
      }),
    );
  });
});
