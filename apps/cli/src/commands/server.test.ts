import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePort } from '../../../../testing/free-port.ts';
import { bulwark, startBulwark } from '../../testing/run-bulwark.ts';

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulwark-server-'));
});
after(() => rm(directory, { recursive: true }));

test('server, in production on a file of its own, takes an agent whose JSON file holds the enrolment keys', async () => {
  const port = await freePort();
  // A certificate and its authority, as an operator would bring them.
  const made = join(directory, 'made');
  const up = startBulwark(['up', '--data-dir', made, '--port', String(port), '--no-agent', '--json']);
  const { caFile } = await up.event('started');
  up.process.kill('SIGTERM');
  assert.equal((await up.finished).code, 0);

  const keys = JSON.parse((await bulwark(['keys', 'generate', '--json'])).stdout).server;
  const config = join(directory, 'server.yaml');
  const yaml = {
    server: {
      port,
      host: '127.0.0.1',
      ...keys,
      db_path: 'fleet.db',
      web_username: 'ada',
      web_password: 'correct horse battery',
    },
    ssl: { cert_file: 'made/tls/server.pem', key_file: 'made/tls/server.key' },
  };
  await writeFile(config, JSON.stringify(yaml), { mode: 0o600 }); // JSON is YAML
  const dataDir = join(directory, 'data');
  const args = ['server', '--config', config, '--server-data-dir', dataDir, '--json'];
  const server = startBulwark(args, { NODE_ENV: 'production' });
  const started = await server.event('started');
  assert.equal(started.url, `https://localhost:${port}`);
  assert.equal(started.setupUrl, undefined, 'the administrator of the file is there');

  const agentConfig = join(directory, 'agent.json');
  const { api_key, encryption_key } = keys;
  const json = { server_url: started.url, api_key, encryption_key, verify_ssl: true, interval: 1 };
  await writeFile(agentConfig, JSON.stringify({ ...json, ca_file: caFile }), { mode: 0o600 });
  const agentArgs = ['--config', agentConfig, '--state-dir', join(directory, 'agent'), '--json'];
  const enrolled = await bulwark(['agent', 'enroll', ...agentArgs]);
  assert.equal(enrolled.code, 0, enrolled.stdout + enrolled.stderr);
  const again = await bulwark(['agent', 'enroll', ...agentArgs]);
  assert.equal(again.code, 1);
  assert.match(again.stdout, /enrolled already/);

  const agent = startBulwark(['agent', 'run', ...agentArgs]);
  await agent.event('report');
  agent.process.kill('SIGTERM');
  assert.equal((await agent.finished).code, 0);
  server.process.kill('SIGTERM');
  const { code, stdout, stderr } = await server.finished;
  assert.equal(code, 0, stderr);
  for (const key of Object.values<string>(keys)) assert.ok(!(stdout + stderr).includes(key), 'shows a key');
});
