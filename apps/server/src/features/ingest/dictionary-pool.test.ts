import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createDictionary } from '@bulwark/telemetry';
import { createDictionaryPool } from './dictionary-pool.ts';

const dictionaryOf = (metric: string) => createDictionary([{ metric, instance: '', scale: 10 }]);

describe('the dictionary pool', () => {
  test('gives machines of a kind the same dictionary', () => {
    const pool = createDictionaryPool();
    const first = dictionaryOf('cpu.total');
    assert.equal(pool(first), first);
    assert.equal(pool(dictionaryOf('cpu.total')), first);
  });

  test('keeps dictionaries apart that have only the hash in common', () => {
    const pool = createDictionaryPool();
    const first = dictionaryOf('cpu.total');
    const forged = { ...dictionaryOf('memory.used'), hash: first.hash };
    pool(first);
    assert.equal(pool(forged), forged);
    assert.equal(pool(first), first);
  });
});
