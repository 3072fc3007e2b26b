import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { returnPath } from './return-path.ts';

const origin = 'https://bulwark.example:8768';

describe('returnPath', () => {
  for (const kept of ['/', '/protection', '/?sort=cpu&order=desc', '/machines/7b1f?range=24h']) {
    test(`keeps ${kept}`, () => assert.equal(returnPath(kept, origin), kept));
  }

  for (const refused of [
    undefined,
    '',
    'protection',
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    '/\t/evil.example/',
    '/.//evil.example/',
    'javascript:alert(1)',
    '/sign-in?return=/',
  ]) {
    test(`refuses ${JSON.stringify(refused)}`, () => assert.equal(returnPath(refused, origin), '/'));
  }
});
