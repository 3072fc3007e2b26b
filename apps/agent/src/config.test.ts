import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type TempDir, tempDir } from '../../../testing/temp-dir.ts';
import { loadAgentConfig } from './config.ts';

const KEY = Buffer.alloc(32, 7);
const FILE = {
  server_url: 'https://fleet.example:8768',
  api_key: 'k'.repeat(44),
  encryption_key: KEY.toString('base64'),
  verify_ssl: true,
  interval: 10,
};

describe('an agent configuration', () => {
  let directory: TempDir;
  before(async () => {
    directory = await tempDir();
  });
  after(() => directory.remove());

  async function write(content: unknown, mode = 0o600): Promise<string> {
    const file = join(directory.path, `agent-${Math.random()}.json`);
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    await chmod(file, mode);
    return file;
  }

  test('of exactly the five settings works', async () => {
    assert.deepEqual(await loadAgentConfig(await write(FILE)), {
      serverUrl: 'https://fleet.example:8768',
      pair: { apiKey: FILE.api_key, encryptionKey: KEY },
      verifySsl: true,
      intervalSeconds: 10,
      caFile: undefined,
      disabledCollectors: [],
    });
  });

  test('verifies certificates unless told not to', async () => {
    const { verify_ssl: _, ...rest } = FILE;
    assert.equal((await loadAgentConfig(await write(rest))).verifySsl, true);
  });

  for (const encryption_key of [KEY.toString('hex'), KEY.toString('base64url')]) {
    test(`takes its key in another form (${encryption_key.length} characters)`, async () => {
      const { pair } = await loadAgentConfig(await write({ ...FILE, encryption_key }));
      assert.deepEqual(pair?.encryptionKey, KEY);
    });
  }

  for (const mode of [0o644, 0o640, 0o604, 0o700]) {
    test(`of mode ${mode.toString(8)} is refused, with the command that mends it`, async () => {
      const file = await write(FILE, mode);
      await assert.rejects(() => loadAgentConfig(file), {
        name: 'UnsafeFileError',
        path: file,
        fix: `chmod 600 ${file}`,
      });
    });
  }

  const cases = [
    { name: 'text that is not JSON', content: `{"api_key": "${FILE.api_key}"`, says: /not JSON/ },
    { name: 'clear HTTP', content: { ...FILE, server_url: 'http://fleet.example' }, says: /server_url: an https/ },
    {
      name: 'a key that is too short',
      content: { ...FILE, encryption_key: 'c2hvcnQ=' },
      says: /encryption_key: 32 bytes/,
    },
    { name: 'half a pair', content: { ...FILE, encryption_key: undefined }, says: /go together/ },
    { name: 'an interval of nothing', content: { ...FILE, interval: 0 }, says: /interval/ },
    { name: 'a setting that is not known', content: { ...FILE, sever_url: 'x' }, says: /sever_url/ },
    {
      name: 'two mistakes at once',
      content: { ...FILE, interval: 0, verify_ssl: 'yes' },
      says: /verify_ssl.*interval/,
    },
  ];
  for (const { name, content, says } of cases) {
    test(`with ${name} is refused without showing a key`, async () => {
      await assert.rejects(loadAgentConfig(await write(content)), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'ERR_AGENT_CONFIG');
        assert.match(error.message, says);
        assert.ok(!error.message.includes(FILE.api_key) && !error.message.includes('c2hvcnQ'));
        return true;
      });
    });
  }
});
