import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { takeSetupToken, tokenFromText } from './setup-token.ts';

function windowAt(href: string) {
  const location = new URL(href);
  const replaceState = (_data: unknown, _unused: string, url: string) => {
    location.href = new URL(url, location).href;
  };
  return { location, history: { replaceState } };
}

describe('takeSetupToken', () => {
  test('reads the fragment and takes it out of the address', () => {
    const window = windowAt('https://localhost:8768/setup#token-1');
    assert.equal(takeSetupToken(window), 'token-1');
    assert.equal(window.location.href, 'https://localhost:8768/setup');
  });

  for (const href of ['https://localhost:8768/setup', 'https://localhost:8768/setup#', 'https://localhost:8768/#x']) {
    test(`finds none in ${href}`, () => {
      const window = windowAt(href);
      assert.equal(takeSetupToken(window), undefined);
      assert.equal(window.location.href, href);
    });
  }
});

describe('tokenFromText', () => {
  for (const text of ['token-1', '  token-1\n', 'https://localhost:8768/setup#token-1']) {
    test(`takes ${JSON.stringify(text)}`, () => assert.equal(tokenFromText(text), 'token-1'));
  }
});
