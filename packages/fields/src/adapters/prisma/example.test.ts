import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const EXAMPLE = path.join(import.meta.dirname, '../../../examples/prisma/main.ts');

test('the example application stores sealed values and reads what it wrote', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [EXAMPLE]);
  assert.equal(stderr, '');
  const at = stdout.indexOf('found by e-mail');
  const [stored, read] = [stdout.slice(0, at), stdout.slice(at)];
  assert.match(stored, /bot_token: 'bw1:/);
  assert.ok(!/Ada@|looms|xoxb|ATATT/.test(stored));
  for (const plain of ['Ada@example.test', 'likes looms', '1970-01-01', 'xoxb-example', 'ATATT-example']) {
    assert.ok(read.includes(plain), plain);
  }
  assert.match(read, /refused: ERR_UNSUPPORTED_QUERY/);
});
