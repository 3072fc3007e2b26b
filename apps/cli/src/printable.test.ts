import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable } from './printable.ts';

test('control characters and those that turn the writing round are shown as question marks', () =>
  assert.equal(printable('a\x1b[2J\x07\x9b\u202eb\r'), 'a?[2J???b?'));

test('letters of any language, line breaks and tabs stay', () =>
  assert.equal(printable('Übung\tπ 漢字 🔑\n'), 'Übung\tπ 漢字 🔑\n'));
