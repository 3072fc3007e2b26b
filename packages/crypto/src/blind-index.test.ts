import assert from 'node:assert/strict';
import { createHmac, createSecretKey } from 'node:crypto';
import { describe, test } from 'node:test';
import { type BlindIndex, blindIndex } from './blind-index.ts';
import { generateKey } from './random.ts';

const key = generateKey();
const index: BlindIndex = { table: 'users', column: 'email', name: 'login', normaliser: 'email' };

describe('blindIndex', () => {
  test('gives 16 bytes, the same for values that normalise alike', () => {
    const a = blindIndex(key, index, 'Ada@Example.test');
    assert.equal(a.length, 16);
    assert.deepEqual(a, blindIndex(key, index, ' ada@example.TEST '));
    assert.notDeepEqual(a, blindIndex(key, index, 'ada@example.tes'));
  });

  const others: [string, Partial<BlindIndex>][] = [
    ['table', { table: 'admins' }],
    ['column', { column: 'name' }],
    ['index of the column', { name: 'search' }],
    ['normaliser', { normaliser: 'caseless' }],
  ];
  for (const [name, change] of others) {
    test(`gives something else for another ${name}`, () => {
      const value = 'ada@example.test';
      assert.notDeepEqual(blindIndex(key, index, value), blindIndex(key, { ...index, ...change }, value));
    });
  }
  test('gives something else under another key', () => {
    assert.notDeepEqual(blindIndex(key, index, 'a'), blindIndex(generateKey(), index, 'a'));
  });

  test('is the same under a key object, asked once or often, for each index', () => {
    const object = createSecretKey(key);
    const changes = [
      {},
      { table: 'admins' },
      { column: 'name' },
      { name: 'search' },
      { normaliser: 'exact' },
      { bits: 32 },
    ];
    for (let turn = 0; turn < 2; turn++) {
      for (const change of changes as Partial<BlindIndex>[]) {
        const other = { ...index, ...change };
        assert.deepEqual(blindIndex(object, other, 'Ada'), blindIndex(key, other, 'Ada'));
      }
    }
  });
  test('does not tie names together whose boundary differs', () => {
    const object = createSecretKey(key);
    const moved = { ...index, table: 'users","e', column: 'mail' };
    assert.notDeepEqual(blindIndex(object, index, 'Ada'), blindIndex(object, moved, 'Ada'));
  });
  test('follows a key whose bytes are overwritten', () => {
    const bytes = Buffer.from(key);
    const before = blindIndex(bytes, index, 'Ada');
    bytes.fill(1);
    assert.notDeepEqual(blindIndex(bytes, index, 'Ada'), before);
  });

  for (const bits of [8, 12, 13, 127, 128, 256]) {
    test(`cuts to ${bits} bits`, () => {
      const full = blindIndex(key, { ...index, bits: 256 }, 'ada');
      const cut = blindIndex(key, { ...index, bits }, 'ada');
      const asBits = (bytes: Buffer) => [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
      assert.equal(
        asBits(cut),
        asBits(full)
          .slice(0, bits)
          .padEnd(cut.length * 8, '0'),
      );
    });
  }

  // Written out once with other tools, since indexes are stored and cannot change.
  test('is HMAC-SHA256 under a key derived from the index names', () => {
    const u32 = (n: number) => Buffer.of(0, 0, 0, n);
    const names = ['bw1/bidx', 'users', 'email', 'login', 'email/1'];
    const info = Buffer.concat([u32(5), ...names.flatMap((name) => [u32(name.length), Buffer.from(name)])]);
    const expand = createHmac('sha512', key).update(info).update(Buffer.of(1)).digest().subarray(0, 32);
    const expected = createHmac('sha256', expand).update(Buffer.from('\u0003ada@example.test')).digest();
    assert.deepEqual(blindIndex(key, index, 'ada@example.test'), expected.subarray(0, 16));
  });

  for (const bits of [0, 7, 257, 12.5]) {
    test(`refuses ${bits} bits`, () => {
      assert.throws(() => blindIndex(key, { ...index, bits }, 'ada'), { code: 'ERR_ARGUMENT' });
    });
  }
  test('refuses a short key', () => {
    assert.throws(() => blindIndex(key.subarray(1), index, 'ada'), { code: 'ERR_KEY_LENGTH' });
  });
});
