import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

test('the example stores sealed values and reads what it has stored', async () => {
  const main = fileURLToPath(new URL('../../../examples/drizzle/main.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [main]);
  const stored = stdout.slice(0, stdout.indexOf('found by e-mail'));
  assert.match(stored, /bw1:/);
  assert.doesNotMatch(stored, /Ada@|4242|xoxb/);
  assert.match(stdout, /found by e-mail: Ada@example\.test \{ number: '4242 4242', brand: 'visa' \}/);
  assert.match(stdout, /\{"city":"London","connections":\[\{"team":"T1","botToken":"xoxb-1"\}\]\}/);
  assert.match(stdout, /after the change: 1/);
  assert.match(stdout, /refused: ERR_UNSUPPORTED_QUERY/);
});
