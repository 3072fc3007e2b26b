import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertTellsNothing, testRootProvider } from '../../../testing/root-conformance.ts';
import { localRoot } from '../../root.ts';
import { environmentRoot } from './environment-root.ts';

const NAME = 'BULWARK_ROOT_KEY';
const key = Buffer.from('7f3a1c9e5b2d4f608192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6fbff', 'hex');
const otherKey = Buffer.alloc(32, 9);

async function setUp() {
  const environment = { [NAME]: key.toString('base64'), OTHER: otherKey.toString('hex') };
  return {
    root: environmentRoot(environment, NAME),
    other: environmentRoot(environment, 'OTHER'),
    secrets: Object.values(environment),
  };
}

testRootProvider('an environment variable', setUp, { canBeAway: false });

describe('a root key in the environment', () => {
  const spellings: { name: string; text: string }[] = [
    { name: 'base64', text: key.toString('base64') },
    { name: 'base64url', text: key.toString('base64url') },
    { name: 'lower-case hex', text: key.toString('hex') },
    { name: 'upper-case hex', text: key.toString('hex').toUpperCase() },
    { name: 'base64 with space around it', text: ` ${key.toString('base64')}\n` },
  ];
  for (const { name, text } of spellings) {
    test(`may be ${name}`, () => {
      assert.equal(environmentRoot({ [NAME]: text }, NAME).id, localRoot(key).id);
    });
  }
});

describe('a root key in the environment stops the start, naming the variable and not its value, when it is', () => {
  const text = key.toString('base64');
  const cases: { name: string; value: string | undefined; code: string; told: RegExp }[] = [
    { name: 'missing', value: undefined, code: 'ERR_ROOT_KEY_MISSING', told: /is not set/ },
    { name: 'empty', value: ' \n', code: 'ERR_ROOT_KEY_MISSING', told: /is empty/ },
    {
      name: 'a password',
      value: 'correct horse battery staple',
      code: 'ERR_ROOT_KEY_ENCODING',
      told: /neither base64 nor hex/,
    },
    { name: 'mixed-case hex', value: `${'aB'.repeat(31)}zz!`, code: 'ERR_ROOT_KEY_ENCODING', told: /neither/ },
    { name: 'base64 with stray bits', value: `${text.slice(0, -2)}9=`, code: 'ERR_ROOT_KEY_ENCODING', told: /neither/ },
    { name: 'quoted', value: `"${text}"`, code: 'ERR_ROOT_KEY_ENCODING', told: /neither/ },
    {
      name: 'too short',
      value: key.subarray(1).toString('base64'),
      code: 'ERR_ROOT_KEY_FORMAT',
      told: /32 bytes, is 31/,
    },
    {
      name: 'too long in hex',
      value: `${key.toString('hex')}00`,
      code: 'ERR_ROOT_KEY_FORMAT',
      told: /32 bytes, is 33/,
    },
  ];
  for (const { name, value, code, told } of cases) {
    test(name, () => {
      assert.throws(
        () => environmentRoot({ [NAME]: value }, NAME),
        (error: Error) => {
          assert.equal((error as { code?: string }).code, code);
          assert.match(error.message, told);
          assert.match(error.message, /^BULWARK_ROOT_KEY .*openssl rand -base64 32$/);
          assertTellsNothing([error], [value?.trim() || text]);
          return true;
        },
      );
    });
  }
});
