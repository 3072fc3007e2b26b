import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { passwordHint } from './password-hint.ts';

describe('passwordHint', () => {
  for (const [password, level] of [
    ['', 0],
    ['elevenchars', 0],
    ['aaaaaaaaaaaaaaaa', 0],
    ['abababababababab', 0],
    ['abcdefghijklmnop', 0],
    ['987654321098', 0],
    ['margaret-hamilton', 0],
    ['quartz lemon 4', 1],
    ['quartz lemon kite', 2],
    ['quartz lemon kite thursday', 3],
  ] as const) {
    test(`gives "${password}" level ${level}`, () => assert.equal(passwordHint(password, 'Margaret').level, level));
  }

  test('counts what is missing', () => assert.equal(passwordHint('elevenchars', '').text, '1 more character needed.'));
});
