import { describe } from 'node:test';
import { testStore } from '../../testing/store-suite.ts';
import { memoryStore } from './memory.ts';

describe('a store in memory', () => {
  testStore(async () => {
    const store = memoryStore();
    return { store, again: async () => store };
  });
});
