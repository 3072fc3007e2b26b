import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { blindIndex } from '@bulwark/crypto';
import type { KeyKind } from './key-document.ts';
import { deriveMaterial, eraseMaterial, generateMaterial } from './key-material.ts';

const kinds: KeyKind[] = ['data', 'index', 'vault', 'secret'];

describe('the material of a key', () => {
  test('of kind index gives the blind indexes of its bytes', () => {
    const column = { table: 'users', column: 'email', name: 'login', normaliser: 'email' } as const;
    const { secret, indexKey } = deriveMaterial('index', null, generateMaterial('index'));
    assert.deepEqual(blindIndex(indexKey!, column, 'ada@example.test'), blindIndex(secret, column, 'ada@example.test'));
  });

  for (const kind of kinds) {
    test(`of kind ${kind} holds what that kind needs, and its bytes only until it is erased`, () => {
      const material = deriveMaterial(kind, null, generateMaterial(kind));
      const needed = { data: 'fieldKey', index: 'indexKey', vault: 'publicKey', secret: undefined }[kind];
      for (const part of ['fieldKey', 'indexKey', 'publicKey'] as const) {
        assert.equal(material[part] !== null, part === needed, part);
      }
      eraseMaterial([material]);
      assert.deepEqual(material.secret, Buffer.alloc(32));
    });
  }
});
