import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { inspect } from 'node:util';
import type { RootProvider } from '../src/root.ts';

/** A provider with two keys at the same place, and what it must never tell. */
export interface RootUnderTest {
  readonly root: RootProvider;
  readonly other: RootProvider;
  /** Passphrases, tokens, PINs. */
  readonly secrets?: readonly string[];
  /** For roots that can be away. */
  readonly takeAway?: () => Promise<void>;
  readonly bringBack?: () => Promise<void>;
  readonly close?: () => Promise<void>;
}

const WRONG = { name: 'KeyringError', code: 'ERR_ROOT_KEY_WRONG' };
const key = randomBytes(32);
const context = Buffer.from('acme/fields/1');

/** What every root provider must do, whatever holds its key. */
export function testRootProvider(
  name: string,
  setUp: () => Promise<RootUnderTest>,
  { canBeAway }: { canBeAway: boolean },
): void {
  describe(`${name} as a root provider`, () => {
    let made: RootUnderTest;
    const errors: unknown[] = [];
    before(async () => {
      made = await setUp();
    });
    after(() => made.close?.());

    /** As `assert.rejects`, and keeps the error for the test of secrets. */
    async function refuses(call: Promise<unknown>, expected: object): Promise<void> {
      call.catch((error: unknown) => errors.push(error));
      await assert.rejects(call, expected);
    }

    for (const length of [1, 32, 33, 64]) {
      test(`opens a key of ${length} bytes that it wrapped`, async () => {
        const bytes = Buffer.alloc(length, 0x5a);
        assert.deepEqual(await made.root.unwrap(await made.root.wrap(bytes, context), context), bytes);
      });
    }

    for (const length of [0, 1, 5000]) {
      test(`takes a context of ${length} bytes`, async () => {
        const long = Buffer.alloc(length, 7);
        assert.deepEqual(await made.root.unwrap(await made.root.wrap(key, long), long), key);
      });
    }

    test('wraps the same key to other bytes each time, and none of them its own', async () => {
      const first = Buffer.from(await made.root.wrap(key, context));
      assert.notDeepEqual(Buffer.from(await made.root.wrap(key, context)), first);
      assert.equal(first.includes(key), false);
    });

    test('has an identifier of its own', () => {
      assert.match(made.root.id, /^[a-z0-9-]+:\S+$/);
      assert.notEqual(made.root.id, made.other.id);
    });

    test('refuses another context', async () => {
      const wrapped = await made.root.wrap(key, context);
      await refuses(made.root.unwrap(wrapped, Buffer.from('acme/fields/2')), WRONG);
      await refuses(made.root.unwrap(wrapped, Buffer.alloc(0)), WRONG);
    });

    test('refuses what another key wrapped', async () => {
      await refuses(made.root.unwrap(await made.other.wrap(key, context), context), WRONG);
    });

    const alterations: { name: string; alter: (wrapped: Buffer) => Buffer }[] = [
      { name: 'nothing', alter: () => Buffer.alloc(0) },
      { name: 'one byte of it', alter: (wrapped) => wrapped.subarray(0, 1) },
      { name: 'half of it', alter: (wrapped) => wrapped.subarray(0, wrapped.length / 2) },
      { name: 'all but its last byte', alter: (wrapped) => wrapped.subarray(0, -1) },
      { name: 'more than all of it', alter: (wrapped) => Buffer.concat([wrapped, Buffer.alloc(1)]) },
      { name: 'far more than all of it', alter: (wrapped) => Buffer.concat([wrapped, Buffer.alloc(100_000)]) },
      { name: 'random bytes', alter: (wrapped) => randomBytes(wrapped.length) },
      ...[0, 0.25, 0.5, 0.75, 1].map((part) => ({
        name: `a changed byte ${part * 100} % into it`,
        alter: (wrapped: Buffer) => flipped(wrapped, Math.floor(part * (wrapped.length - 1))),
      })),
    ];
    for (const { name: title, alter } of alterations) {
      test(`refuses ${title}`, async () => {
        const wrapped = Buffer.from(await made.root.wrap(key, context));
        await refuses(made.root.unwrap(alter(wrapped), context), WRONG);
      });
    }

    test('does fifty at once', async () => {
      const contexts = Array.from({ length: 50 }, (_, index) => Buffer.from(`context ${index}`));
      const wrapped = await Promise.all(contexts.map((each) => made.root.wrap(key, each)));
      const opened = await Promise.all(wrapped.map((each, index) => made.root.unwrap(each, contexts[index]!)));
      for (const each of opened) assert.deepEqual(each, key);
    });

    if (canBeAway) {
      test('says that it is away while it is, and opens again when it is back', async () => {
        const wrapped = await made.root.wrap(key, context);
        await made.takeAway?.();
        try {
          const away = { name: 'KeyringError', code: 'ERR_ROOT_UNAVAILABLE' };
          await refuses(made.root.unwrap(wrapped, context), away);
          await refuses(made.root.wrap(key, context), away);
        } finally {
          await made.bringBack?.();
        }
        assert.deepEqual(await made.root.unwrap(wrapped, context), key);
      });
    }

    test('has told no secret in any of these errors', () => {
      assert.ok(errors.length > 10);
      assertTellsNothing(errors, [...(made.secrets ?? []), ...spellings(key)]);
    });
  });
}

/** No secret in anything that a logger could print of these errors: messages, stacks, causes, hidden properties. */
export function assertTellsNothing(errors: readonly unknown[], secrets: readonly string[]): void {
  for (const error of errors) {
    const printed = inspect(error, {
      depth: Infinity,
      showHidden: true,
      maxStringLength: Infinity,
      maxArrayLength: Infinity,
    });
    const told = printed + JSON.stringify(error, Object.getOwnPropertyNames(error));
    for (const secret of secrets) assert.equal(told.includes(secret), false, 'an error tells a secret');
  }
}

function spellings(bytes: Buffer): string[] {
  return [
    bytes.toString('hex'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    [...bytes].join(', '),
  ];
}

function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] as number) ^ 1;
  return changed;
}
