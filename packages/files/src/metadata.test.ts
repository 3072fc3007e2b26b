import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { generateKey, sealMessage } from '@bulwark/crypto';
import { encodeMetadata, type FileMetadata, openMetadata, sealMetadata } from './metadata.ts';

const key = generateKey();
const prefix = Buffer.from('header');

describe('metadata is opened as it was sealed', () => {
  const cases: FileMetadata[] = [
    {},
    { name: 'Übersicht 2031 (final).pdf', size: 0, modifiedAt: -1, type: 'application/pdf' },
    { name: 'a'.repeat(1024) },
    { size: Number.MAX_SAFE_INTEGER },
  ];
  for (const metadata of cases) {
    test(JSON.stringify(metadata).slice(0, 60), () => {
      const sealed = sealMetadata(key, encodeMetadata(metadata), prefix, undefined);
      assert.deepEqual(openMetadata(key, sealed, prefix, undefined), metadata);
      for (const [otherPrefix, context] of [
        [Buffer.from('Header'), undefined],
        [prefix, Buffer.alloc(0)],
      ] as const) {
        assert.throws(() => openMetadata(key, sealed, otherPrefix, context), { code: 'ERR_OPEN_FAILED' });
      }
    });
  }
});

test('metadata shows its length in steps of 256 bytes only', () => {
  assert.equal(encodeMetadata({ name: 'a' }).length, encodeMetadata({ name: 'a'.repeat(200), size: 1 }).length);
});

describe('metadata is refused on both sides', () => {
  const cases: Record<string, object> = {
    'a path': { name: 'a/b' },
    'a path of Windows': { name: 'a\\b' },
    'the directory above': { name: '..' },
    'no name': { name: '' },
    'a NUL': { name: 'a\0' },
    'an escape sequence': { name: '\u001b[2J' },
    'a long name': { name: 'a'.repeat(1025) },
    'a lone surrogate': { name: '\ud800' },
    'a negative size': { size: -1 },
    'a size of text': { size: '1' },
    'a broken time': { modifiedAt: 0.5 },
    'a type with a line break': { type: 'a\nb' },
    'what we do not know': { mode: 0o777 },
  };
  for (const [name, metadata] of Object.entries(cases)) {
    test(name, () => {
      assert.throws(() => encodeMetadata(metadata), { code: 'ERR_ARGUMENT' });
      const sealed = sealMetadata(key, Buffer.from(JSON.stringify(metadata)), prefix, undefined);
      assert.throws(() => openMetadata(key, sealed, prefix, undefined), { code: 'ERR_SEALED_FORMAT' });
    });
  }

  for (const text of ['', 'null', '[]', '"name"', '{']) {
    test(`the text ${JSON.stringify(text)}`, () => {
      const sealed = sealMetadata(key, Buffer.from(text), prefix, undefined);
      assert.throws(() => openMetadata(key, sealed, prefix, undefined), { code: 'ERR_SEALED_FORMAT' });
    });
  }
});

test('metadata is never taken from another message of the same key', () => {
  const other = sealMessage(key, encodeMetadata({ name: 'a' }), prefix);
  assert.throws(() => openMetadata(key, other, prefix, undefined), { code: 'ERR_OPEN_FAILED' });
});
