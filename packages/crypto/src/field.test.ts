import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertRefused, assertTamperProof, flipBit } from '../testing/tampering.ts';
import type { Cell } from './cell.ts';
import {
  decodeFieldText,
  deriveFieldKey,
  encodeFieldText,
  type FieldKey,
  fieldKeyId,
  isSealedField,
  openField,
  sealField,
} from './field.ts';
import { FIELD_SUITES, type FieldSuite } from './field-suite.ts';
import { generateKey } from './random.ts';

const suites = Object.keys(FIELD_SUITES) as FieldSuite[];
const scopeKey = generateKey();
const value = Buffer.from('ada@example.test');
const cell: Cell = { scope: 'acme', table: 'users', column: 'email', row: '42' };
// The cell, bound as closely as the suite can.
const cellFor = (suite: FieldSuite): Cell => (FIELD_SUITES[suite].bindsRow ? cell : { ...cell, row: undefined });
const ring =
  (...keys: FieldKey[]) =>
  (kid: Uint8Array) =>
    keys.find((key) => key.kid.equals(kid));

for (const suite of suites) {
  describe(`a field sealed with ${suite}`, () => {
    const key = deriveFieldKey(scopeKey, suite);
    const cell = cellFor(suite);
    const sealed = sealField(key, cell, value);

    test('opens again, and refuses every change', () => {
      assertTamperProof(
        (plaintext, context) => sealField(key, { ...cell, extra: Buffer.from(context).toString('hex') }, plaintext),
        (bytes, context) => openField(ring(key), { ...cell, extra: Buffer.from(context).toString('hex') }, bytes),
        'ERR_OPEN_FAILED',
        'ERR_NOT_SEALED',
        'ERR_SEALED_FORMAT',
        'ERR_BINDING',
        'ERR_KEY_UNKNOWN',
      );
    });

    test('refuses any change after the header with one code', () => {
      for (let bit = 21 * 8; bit < sealed.length * 8; bit++) {
        assertRefused(() => openField(ring(key), cell, flipBit(sealed, bit)), 'ERR_OPEN_FAILED');
      }
    });

    const elsewhere: [string, Partial<Cell>][] = [
      ['scope', { scope: 'other' }],
      ['table', { table: 'admins' }],
      ['column', { column: 'name' }],
      ['extra', { extra: '1' }],
      ['boundary between names', { table: 'user', column: 'semail' }],
    ];
    for (const [name, change] of elsewhere) {
      test(`does not open under another ${name}`, () => {
        assertRefused(() => openField(ring(key), { ...cell, ...change }, sealed), 'ERR_OPEN_FAILED');
      });
    }

    test('needs the key that it names', () => {
      const other = deriveFieldKey(generateKey(), suite);
      assertRefused(() => openField(ring(other), cell, sealed), 'ERR_KEY_UNKNOWN');
      assertRefused(() => openField(() => other, cell, sealed), 'ERR_KEY_UNKNOWN');
      assert.deepEqual(Buffer.from(fieldKeyId(sealed)), key.kid);
    });

    test('keeps its kid in characters 9 to 32 of the text form', () => {
      const text = encodeFieldText(sealed);
      assert.equal(text.slice(8, 32), key.kid.toString('base64url'));
      assert.deepEqual(decodeFieldText(text), sealed);
    });
  });
}

for (const suite of suites.filter((name) => FIELD_SUITES[name].bindsRow)) {
  describe(`the binding of a field sealed with ${suite}`, () => {
    const key = deriveFieldKey(scopeKey, suite);
    const sealed = sealField(key, cell, value);

    test('does not open under another row', () => {
      assertRefused(() => openField(ring(key), { ...cell, row: '43' }, sealed), 'ERR_OPEN_FAILED');
    });

    test('is never opened with a lesser or greater binding than it was sealed with', () => {
      const column = { ...cell, row: undefined };
      const free = sealField(key, column, value);
      assert.deepEqual(openField(ring(key), column, free), value);
      assertRefused(() => openField(ring(key), cell, free), 'ERR_BINDING');
      assertRefused(() => openField(ring(key), column, sealed), 'ERR_BINDING');
    });

    test('does not take a row for an extra', () => {
      const asExtra = sealField(key, { ...cell, row: undefined, extra: '\u000342' }, value);
      asExtra[2] = sealed[2] ?? 0;
      assertRefused(() => openField(ring(key), cell, asExtra), 'ERR_OPEN_FAILED');
    });
  });
}

describe('a field sealed with XAES-DET', () => {
  const key = deriveFieldKey(scopeKey, 'XAES-DET');
  const column = { ...cell, row: undefined };

  test('is the same for the same value of a column, and only then', () => {
    const sealed = sealField(key, column, value);
    assert.deepEqual(sealField(key, column, value), sealed);
    assert.notDeepEqual(sealField(key, { ...column, column: 'name' }, value), sealed);
    assert.notDeepEqual(sealField(key, column, Buffer.from('eve@example.test')), sealed);
    assert.notDeepEqual(sealField(deriveFieldKey(generateKey(), 'XAES-DET'), column, value), sealed);
  });

  test('cannot be bound to a row', () => assertRefused(() => sealField(key, cell, value), 'ERR_ARGUMENT'));
});

test('the other suites never give the same bytes twice', () => {
  for (const suite of suites.filter((name) => name !== 'XAES-DET')) {
    const key = deriveFieldKey(scopeKey, suite);
    assert.notDeepEqual(sealField(key, cell, value), sealField(key, cell, value));
  }
});

describe('deriveFieldKey', () => {
  test('gives keys and kids that differ by suite and are the same each time', () => {
    const kids = suites.map((suite) => deriveFieldKey(scopeKey, suite).kid.toString('hex'));
    assert.equal(new Set(kids).size, suites.length);
    assert.deepEqual(deriveFieldKey(scopeKey).kid, deriveFieldKey(scopeKey, 'XAES-256-GCM').kid);
  });
  test('refuses a short key', () => assertRefused(() => deriveFieldKey(Buffer.alloc(16)), 'ERR_KEY_LENGTH'));
  test('gives a key that prints without its bytes', async () => {
    const { inspect } = await import('node:util');
    assert.doesNotMatch(
      inspect(deriveFieldKey(scopeKey), { depth: 9 }),
      /Secret|KeyObject|<Buffer(?! (\w\w ){17}\w\w>)/,
    );
  });
});

// Stored values stay readable for ever: these were sealed when the format was made.
describe('a value that was stored opens', () => {
  const stored: Record<FieldSuite, string> = {
    A256GCM: 'bw1:_QECOq0JQj04C7uGSjKrUKB5FOwHLJy5_DYO4sbbFHuqSuZ0kk1ScxF5bC5qvE0qA7A9B3rWzOozdgfuzniFVtg',
    'XAES-256-GCM':
      'bw1:_QICr0elUGvZFPNVS8Ac_ELRs77j0IejseWKMIxuJQDjhzOjTLX2a7W7Lw1pA7kz3S127BiT4Z-q3XsNMzwbACGq7j7jAO7dyiLWzXM',
    'XAES-DET':
      'bw1:_QMBeW3FtQzfUN7Vdaa6_Rq6iDnCo-YlSxC6qbwE_wZ_r9GaadF5l4_tlAE9TOCnkzhCJAmrK48XjgPPoC4NtNnE3gXWhEZ_WrRCwWM',
    'COBBLESTONE-256':
      'bw1:_QQCeDWafcbBaYH_dIKgkYq2mgfp285ACae25XEok8ZMwc4HmjqWlnX2TFh5Z6esd4aA07-WjK5eZ3Krt9tFYUdZHCevM5y_I0PkWl4zYbYAPmcsYz1R6WNUlwRWr4vEB7yxtnbqgogE6z5A5w',
    FERNET:
      'bw1:_RACakyHtlV57HWiW2CHNEbgL4LUgAAAAAAAAAAAx7mDD67gj7TbxnplGAG3Bre8IIplzCRPkuG-LDIafuh1QN4IK2wvI8nZf1L7yFFGSqqYXE_iYcBkROsmyUkzLWdRpPFuxZLrmbTZ3sXMlQE',
  };
  for (const suite of suites) {
    test(suite, () => {
      const key = deriveFieldKey(Buffer.alloc(32, 1), suite);
      assert.deepEqual(openField(ring(key), cellFor(suite), decodeFieldText(stored[suite])), value);
    });
  }
});

test('UUID rows are compared as UUIDs', () => {
  const key = deriveFieldKey(scopeKey);
  const row = '0190d1c4-9c1e-7a3b-8000-00c0ffee0001';
  const sealed = sealField(key, { ...cell, row }, value);
  assert.deepEqual(openField(ring(key), { ...cell, row: row.toUpperCase() }, sealed), value);
  assertRefused(() => openField(ring(key), { ...cell, row: row.replaceAll('-', '') }, sealed), 'ERR_OPEN_FAILED');
});

test('names that are not well-formed text are refused', () => {
  assertRefused(() => sealField(deriveFieldKey(scopeKey), { ...cell, row: '\ud800' }, value), 'ERR_ARGUMENT');
  assertRefused(() => sealField(deriveFieldKey(scopeKey), { ...cell, column: '\udc00' }, value), 'ERR_ARGUMENT');
});

describe('openField refuses before it looks for a key', () => {
  const key = deriveFieldKey(scopeKey);
  const sealed = sealField(key, cell, value);
  const changed = (at: number, byte: number) => {
    const bytes = Buffer.from(sealed);
    bytes[at] = byte;
    return bytes;
  };
  const cases = [
    { name: 'nothing', code: 'ERR_NOT_SEALED', sealed: Buffer.alloc(0) },
    { name: 'plaintext', code: 'ERR_NOT_SEALED', sealed: value },
    { name: 'a mark alone', code: 'ERR_SEALED_FORMAT', sealed: Buffer.of(0xfd) },
    { name: 'an unknown suite', code: 'ERR_SEALED_FORMAT', sealed: changed(1, 0x7f) },
    { name: 'suite zero', code: 'ERR_SEALED_FORMAT', sealed: changed(1, 0) },
    { name: 'a reserved flag', code: 'ERR_SEALED_FORMAT', sealed: changed(2, 0x82) },
    { name: 'a value without a whole tag', code: 'ERR_SEALED_FORMAT', sealed: sealed.subarray(0, 60) },
    { name: 'a binding to the scope only', code: 'ERR_BINDING', sealed: changed(2, 0) },
  ] as const;
  for (const c of cases) {
    test(c.name, () => {
      const noLookup = () => assert.fail('looked up a key');
      assertRefused(() => openField(noLookup, cell, c.sealed), c.code);
    });
  }
});

describe('decodeFieldText refuses', () => {
  const text = encodeFieldText(sealField(deriveFieldKey(scopeKey), cell, value));
  const cases = [
    { name: 'plain text', code: 'ERR_NOT_SEALED', text: 'ada@example.test' },
    { name: 'another prefix', code: 'ERR_NOT_SEALED', text: text.replace('bw1', 'bw2') },
    { name: 'padding', code: 'ERR_SEALED_FORMAT', text: `${text}=` },
    { name: 'a space at the end', code: 'ERR_SEALED_FORMAT', text: `${text} ` },
  ] as const;
  for (const c of cases) test(c.name, () => assertRefused(() => decodeFieldText(c.text), c.code));
});

test('isSealedField tells marked bytes from text', () => {
  assert.equal(isSealedField(sealField(deriveFieldKey(scopeKey), cell, value)), true);
  assert.equal(isSealedField(value), false);
  assert.equal(isSealedField(Buffer.alloc(0)), false);
});
