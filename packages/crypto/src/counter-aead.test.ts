import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { describe, test } from 'node:test';
import { assertTamperProof } from '../testing/tampering.ts';
import { gcmOpen } from './aes-gcm.ts';
import { CounterSealer, openCounter } from './counter-aead.ts';
import { generateKey } from './random.ts';

const key = generateKey();
const prefix = Buffer.from('a1b2c3d4', 'hex');
const none = Buffer.alloc(0);

describe('CounterSealer', () => {
  test('counts from zero, one a message', () => {
    const sealer = new CounterSealer(key, prefix);
    assert.deepEqual(
      [0, 1, 2],
      [1, 2, 3].map(() => sealer.seal(none, none).counter),
    );
    assert.equal(sealer.next, 3);
  });

  test('puts prefix and big-endian counter into the nonce', () => {
    const first = 2n ** 32n + 5n;
    const { sealed } = new CounterSealer(key, prefix, { first }).seal(Buffer.from('ada'), none);
    const nonce = Buffer.from('a1b2c3d40000000100000005', 'hex');
    assert.equal(gcmOpen(createSecretKey(key), nonce, sealed, none).toString(), 'ada');
  });

  test('gives the counter to associated data that carries it', () => {
    const header = (counter: number) => Buffer.from(`frame ${counter}`);
    const sealer = new CounterSealer(key, prefix, { first: 7 });
    const { counter, sealed } = sealer.seal(Buffer.from('ada'), header);
    assert.equal(openCounter(key, prefix, counter, sealed, Buffer.from('frame 7')).toString(), 'ada');
  });

  test('does not use a counter twice when associated data calls back or fails', () => {
    const sealer = new CounterSealer(key, prefix);
    const outer = sealer.seal(none, () => Buffer.of(sealer.seal(none, none).counter));
    assert.deepEqual([outer.counter, sealer.next], [0, 2]);
    assert.equal(openCounter(key, prefix, 0, outer.sealed, Buffer.of(1)).length, 0);
    const broken = () => {
      throw new Error('header');
    };
    assert.throws(() => sealer.seal(none, broken), /header/);
    assert.equal(sealer.next, 3);
  });

  test('refuses after as many messages as it was allowed', () => {
    const sealer = new CounterSealer(key, prefix, { first: 2 ** 53 - 2 ** 32, limit: 2 });
    sealer.seal(none, none);
    assert.equal(sealer.seal(none, none).counter, 2 ** 53 - 2 ** 32 + 1);
    assert.throws(() => sealer.seal(none, none), { code: 'ERR_KEY_SPENT' });
    assert.throws(() => sealer.seal(none, none), { code: 'ERR_KEY_SPENT' });
  });

  for (const limit of [0, 1.5, Number.NaN, 2 ** 32 + 1]) {
    test(`refuses a limit of ${limit}`, () => {
      assert.throws(() => new CounterSealer(key, prefix, { limit }), { code: 'ERR_ARGUMENT' });
    });
  }
  for (const first of [-1, 0.5, Number.NaN, 2 ** 53, 2n ** 64n]) {
    test(`refuses to begin at ${first}`, () => {
      assert.throws(() => new CounterSealer(key, prefix, { first }), { code: 'ERR_ARGUMENT' });
    });
  }
  test('refuses a prefix that is not 4 bytes', () => {
    assert.throws(() => new CounterSealer(key, Buffer.alloc(3)), { code: 'ERR_ARGUMENT' });
    assert.throws(() => openCounter(key, Buffer.alloc(5), 0, Buffer.alloc(16), none), { code: 'ERR_ARGUMENT' });
  });
  test('refuses a short key', () => {
    assert.throws(() => new CounterSealer(Buffer.alloc(16), prefix), { code: 'ERR_KEY_LENGTH' });
  });
});

describe('openCounter', () => {
  test('opens what was sealed, and refuses every change', () => {
    assertTamperProof(
      (plaintext, aad) => new CounterSealer(key, prefix).seal(plaintext, aad).sealed,
      (sealed, aad) => openCounter(key, prefix, 0, sealed, aad),
      'ERR_OPEN_FAILED',
    );
  });

  const { sealed } = new CounterSealer(key, prefix).seal(Buffer.from('ada'), none);
  for (const counter of [1, 2 ** 32, -1, 0.5, Number.NaN, 2 ** 64]) {
    test(`refuses the message as number ${counter}`, () => {
      assert.throws(() => openCounter(key, prefix, counter, sealed, none), { code: 'ERR_OPEN_FAILED' });
    });
  }
  test('refuses another prefix', () => {
    assert.throws(() => openCounter(key, Buffer.alloc(4), 0, sealed, none), { code: 'ERR_OPEN_FAILED' });
  });
});
