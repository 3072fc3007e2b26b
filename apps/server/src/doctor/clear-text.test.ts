import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { findClearText, looksLikeClearText } from './clear-text.ts';

const CANARY = 'db-7.canary.example';
let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulwark-clear-'));
});
after(() => rm(directory, { recursive: true }));

describe('a text is found', () => {
  const before = 'xyz';
  const cases: Record<string, string | Buffer> = {
    'in clear': `${before}${CANARY}!`,
    'in hexadecimal': Buffer.from(`${before}${CANARY}`).toString('hex'),
    'in upper-case hexadecimal': Buffer.from(CANARY).toString('hex').toUpperCase(),
    'in base64, first alignment': Buffer.from(`abc${CANARY}def`).toString('base64'),
    'in base64, second alignment': Buffer.from(`a${CANARY}def`).toString('base64'),
    'in base64, third alignment': Buffer.from(`ab${CANARY}d`).toString('base64url'),
    'across the border of two reads': Buffer.concat([randomBytes((1 << 20) - 7), Buffer.from(CANARY)]),
  };
  for (const [name, content] of Object.entries(cases)) {
    test(name, async () => {
      const file = join(directory, 'file');
      await writeFile(file, content);
      assert.deepEqual(await findClearText(file, ['another text', CANARY]), [CANARY]);
    });
  }
});

test('a text is not found where it is not, nor in a file that is missing', async () => {
  const file = join(directory, 'random');
  await writeFile(file, randomBytes(3 << 20));
  assert.deepEqual(await findClearText(file, [CANARY]), []);
  assert.deepEqual(await findClearText(join(directory, 'none'), [CANARY]), []);
});

test('text looks like clear text, random bytes and short values do not', () => {
  assert.ok(
    looksLikeClearText(Buffer.from(JSON.stringify({ hostname: CANARY, values: [1, 2, 3], of: 'a machine report' }))),
  );
  assert.ok(!looksLikeClearText(Buffer.from(CANARY)));
  for (let i = 0; i < 1000; i++) assert.ok(!looksLikeClearText(randomBytes(64 + i)));
});
