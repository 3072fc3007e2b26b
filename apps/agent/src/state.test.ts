import assert from 'node:assert/strict';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { type TempDir, tempDir } from '../../../testing/temp-dir.ts';
import { type AgentState, hasAgentState, readAgentState, writeAgentState } from './state.ts';

const STATE: AgentState = {
  agentId: '2f1c3d4e-0000-4000-8000-000000000001',
  serverUrl: 'https://localhost:8768',
  apiToken: 'bw_a_token',
  keyEpoch: 1,
  intervalSeconds: 10,
  agreementKey: Buffer.alloc(32, 1),
  signingKey: Buffer.alloc(32, 2),
  serverKey: Buffer.alloc(32, 3),
  caCertificate: null,
};

describe("an agent's state", () => {
  let directory: TempDir;
  let stateDir: string;
  const directories: TempDir[] = [];
  beforeEach(async () => {
    directory = await tempDir();
    directories.push(directory);
    stateDir = join(directory.path, 'state');
    await writeAgentState(stateDir, STATE);
  });
  after(() => Promise.all(directories.map((dir) => dir.remove())));
  const file = () => join(stateDir, 'agent-state.json');

  test('comes back as it was written, private', async () => {
    assert.deepEqual(await readAgentState(stateDir), STATE);
    assert.equal((await stat(file())).mode & 0o777, 0o600);
    assert.equal((await stat(stateDir)).mode & 0o777, 0o700);
    assert.equal(await hasAgentState(stateDir), true);
    assert.equal(await hasAgentState(directory.path), false);
  });

  test('is refused when others can read it, with the command that mends it', async () => {
    await chmod(file(), 0o644);
    await assert.rejects(() => readAgentState(stateDir), { name: 'UnsafeFileError', fix: `chmod 600 ${file()}` });
  });

  test('that was cut is refused without being quoted', async () => {
    const text = await readFile(file(), 'utf8');
    await writeFile(file(), text.slice(0, -40));
    await assert.rejects(readAgentState(stateDir), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_AGENT_STATE');
      assert.equal(error.cause, undefined);
      assert.ok(!error.message.includes(STATE.apiToken));
      return true;
    });
  });
});
