import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { generateHybridKeyPair, randomBytes } from '@bulwark/crypto';
import { decodeKeyText, encodeKeyText } from './key-text.ts';

const key = randomBytes(32);

describe('a key as text is read as it was written:', () => {
  const cases = [
    ['bwpub1', 'x25519', key],
    ['bwpub1', 'hybrid', generateHybridKeyPair().publicKey],
    ['bwkey1', 'x25519', key],
    ['bwpub1', 'ed25519', key],
    ['bwkey1', 'hybrid', key],
    ['bwkey1', 'ed25519', key],
  ] as const;
  for (const [mark, kind, bytes] of cases) {
    test(`${mark} ${kind}`, () => {
      const text = encodeKeyText(mark, kind, bytes);
      assert.ok(text.startsWith(`${mark}.${kind}.`));
      assert.deepEqual(decodeKeyText(mark, text), { kind, bytes: Buffer.from(bytes) });
    });
  }
});

test('the text is stable: it is stored', () =>
  assert.equal(
    encodeKeyText('bwpub1', 'x25519', Buffer.alloc(32, 1)),
    'bwpub1.x25519.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQFkt_vV',
  ));

describe('a key as text is refused', () => {
  const text = encodeKeyText('bwpub1', 'x25519', key);
  const body = text.slice('bwpub1.x25519.'.length);
  const other = body[5] === 'A' ? 'B' : 'A';
  const cases: [string, string][] = [
    ['with another letter', `bwpub1.x25519.${body.slice(0, 5)}${other}${body.slice(6)}`],
    ['cut', text.slice(0, -4)],
    ['as another kind', text.replace('x25519', 'hybrid')],
    ['as another kind of the same length', text.replace('x25519', 'ed25519')],
    ['as what every object has', text.replace('x25519', 'toString')],
    ['as a private key', text.replace('bwpub1', 'bwkey1')],
    ['of an unknown kind', text.replace('x25519', 'p256')],
    ['empty', 'bwpub1.x25519.'],
  ];
  for (const [why, changed] of cases) {
    test(why, () => {
      assert.equal(decodeKeyText('bwpub1', changed), undefined);
      if (changed.startsWith('bwkey1')) assert.equal(decodeKeyText('bwkey1', changed), undefined);
    });
  }
});
