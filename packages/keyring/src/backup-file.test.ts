import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { generateAgreementKeyPair } from '@bulwark/crypto';
import fc from 'fast-check';
import { openBackup, sealBackup } from './backup-file.ts';

const { privateKey, publicKey } = generateAgreementKeyPair();
const NOW = 1_795_000_000_000;
const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"{}[]:, ';

/** A text with the character at a place replaced. */
const replaced = (text: string, at: number, character: string) => text.slice(0, at) + character + text.slice(at + 1);

describe('a backup', () => {
  test('opens to what was put in, whatever that was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 40_000 }), async (content) => {
        const { backup } = await sealBackup(content, { recipients: [publicKey] }, NOW);
        assert.deepEqual(await openBackup(backup, { privateKey }), Buffer.from(content));
      }),
      { numRuns: 50 },
    );
  });

  test('with any character changed is refused, or opens to the same', async () => {
    const content = Buffer.from('the keys');
    const { backup } = await sealBackup(content, { recipients: [publicKey] }, NOW);
    const change = fc.tuple(fc.nat(backup.length - 1), fc.constantFrom(...CHARACTERS));
    await fc.assert(
      fc.asyncProperty(change, async ([at, character]) => {
        const opened = await openBackup(replaced(backup, at, character), { privateKey }).catch((error: unknown) => {
          assert.match(String((error as { code?: string }).code), /^ERR_BACKUP_(FORMAT|OPEN)$/);
        });
        if (opened) assert.deepEqual(opened, content);
      }),
      { numRuns: 500 },
    );
  });

  test('cut anywhere is refused', async () => {
    const { backup } = await sealBackup(Buffer.from('the keys'), { recipients: [publicKey] }, NOW);
    for (let length = 0; length < backup.trimEnd().length; length += 7) {
      await assert.rejects(openBackup(backup.slice(0, length), { privateKey }), { code: 'ERR_BACKUP_FORMAT' });
    }
  });

  test('opens with any shares that are enough, and with no fewer', async () => {
    const split = fc
      .tuple(fc.integer({ min: 2, max: 8 }), fc.integer({ min: 2, max: 8 }))
      .filter(([shares, threshold]) => threshold <= shares)
      .chain(([shares, threshold]) =>
        fc.record({
          custodians: fc.constant({ shares, threshold }),
          who: fc.shuffledSubarray([...Array(shares).keys()]),
        }),
      );
    await fc.assert(
      fc.asyncProperty(split, async ({ custodians, who }) => {
        const { backup, shares } = await sealBackup(Buffer.from('the keys'), { custodians }, NOW);
        const opening = openBackup(backup, { shares: who.map((custodian) => shares[custodian]!) });
        if (who.length >= custodians.threshold) assert.equal((await opening).toString(), 'the keys');
        else await assert.rejects(opening, { code: 'ERR_BACKUP_OPEN' });
      }),
      { numRuns: 50 },
    );
  });

  test('refuses a share with any character changed', async () => {
    const custodians = { shares: 2, threshold: 2 };
    const { backup, shares } = await sealBackup(Buffer.from('the keys'), { custodians }, NOW);
    const change = fc.tuple(fc.nat(shares[0]!.length - 1), fc.constantFrom(...CHARACTERS.slice(0, 64)));
    await fc.assert(
      fc.asyncProperty(change, async ([at, character]) => {
        fc.pre(shares[0]![at] !== character);
        const changed = replaced(shares[0]!, at, character);
        await assert.rejects(openBackup(backup, { shares: [changed, shares[1]!] }), { code: 'ERR_BACKUP_FORMAT' });
      }),
      { numRuns: 200 },
    );
  });
});
