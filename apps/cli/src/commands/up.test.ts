import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../../testing/free-port.ts';
import { bulwark, jsonLines, startBulwark } from '../../testing/run-bulwark.ts';

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulwark-up-'));
});
after(() => rm(directory, { recursive: true }));

const STOP_MS = 5000;

/** Interrupts and checks that it ends in time and well. */
async function stopWell(started: ReturnType<typeof startBulwark>) {
  const since = performance.now();
  started.process.kill('SIGINT');
  const finished = await started.finished;
  assert.equal(finished.code, 0, finished.stderr);
  assert.ok(performance.now() - since < STOP_MS);
  return finished;
}

async function statusOf(url: string, caFile: string): Promise<number | undefined> {
  const ca = await readFile(caFile);
  const asking = request(url, { ca, agent: false }).end();
  const [response] = await once(asking, 'response');
  response.resume();
  return response.statusCode;
}

describe('up, with an agent', () => {
  test('starts on nothing, reports this machine, passes its own doctor, stops, and finds its data again', async () => {
    const dataDir = join(directory, 'all');
    const port = String(await freePort());
    const args = ['up', '--data-dir', dataDir, '--port', port, '--server-interval', '1', '--json'];

    const first = startBulwark(args);
    const started = await first.event('started');
    assert.equal(started.url, `https://localhost:${port}`);
    assert.equal((started.layers as unknown[]).length, 5);
    assert.match(String(started.setupUrl), /^https:\/\/localhost/);
    await first.event('enrolled');
    await first.event('report');
    const doctor = await bulwark(['doctor', '--data-dir', dataDir, '--json']);
    assert.equal(doctor.code, 0, doctor.stdout);
    const { stdout } = await stopWell(first);
    assert.deepEqual(jsonLines(stdout).at(-1), { event: 'stopped' });
    assert.equal(jsonLines(stdout).filter(({ event }) => event === 'created').length, 5);

    for (const entry of await readdir(dataDir, { recursive: true, withFileTypes: true })) {
      const { mode } = await stat(join(entry.parentPath, entry.name));
      assert.equal(mode & 0o777, entry.isDirectory() ? 0o700 : 0o600, entry.name);
    }

    // Without --port: the first start has written it down.
    const second = startBulwark(['up', '--data-dir', dataDir, '--server-interval', '1', '--json']);
    assert.equal((await second.event('started')).url, `https://localhost:${port}`);
    await second.event('report');
    const events = jsonLines((await stopWell(second)).stdout).map(({ event }) => event);
    assert.ok(!events.includes('created') && !events.includes('enrolled'));
  });

  test('takes its agent along when it is killed', async () => {
    const dataDir = join(directory, 'killed');
    const args = ['up', '--data-dir', dataDir, '--port', String(await freePort()), '--server-interval', '1', '--json'];
    const started = startBulwark(args);
    await started.event('report');
    const { pid } = started.process;
    const agents = await childrenOf(pid);
    assert.equal(agents.length, 1);
    started.process.kill('SIGKILL');
    await started.finished;
    for (let i = 0; isRunning(agents[0]); i++) {
      assert.ok(i < 50, 'the agent still runs');
      await sleep(100);
    }
    const again = startBulwark(args);
    await again.event('report');
    await stopWell(again);
  });
});

describe('up, without an agent', () => {
  test('answers over TLS that its own authority verifies, and prints a screen for people', async () => {
    const dataDir = join(directory, 'screen');
    const port = await freePort();
    const started = startBulwark(['up', '--data-dir', dataDir, '--port', String(port), '--no-agent']);
    let screen = '';
    for await (const chunk of started.process.stdout ?? []) {
      screen += chunk;
      if (screen.includes('Press Ctrl-C')) break;
    }
    assert.match(screen, new RegExp(`Address +https://localhost:${port}`));
    assert.match(screen, /Protection\n( {2}(on|weak|off) +\S.*\n){5}/);
    assert.equal(await statusOf(`https://localhost:${port}/api/machines`, join(dataDir, 'tls', 'ca.pem')), 401);
    await stopWell(started);
  });

  test('refuses a port in use, saying which', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const args = ['up', '--data-dir', join(directory, 'taken'), '--port', String(port), '--no-agent'];
    const { code, stderr } = await bulwark(args);
    taken.close();
    assert.equal(code, 1);
    assert.equal(stderr, `bulwark: port ${port} on 127.0.0.1 is in use; choose another: --port or server.port\n`);
  });

  test('refuses a data directory that another server uses, saying which process', async () => {
    const dataDir = join(directory, 'locked');
    const args = ['up', '--data-dir', dataDir, '--port', String(await freePort()), '--no-agent', '--json'];
    const started = startBulwark(args);
    await started.event('started');
    const other = await bulwark(['up', '--data-dir', dataDir, '--no-agent']);
    assert.equal(other.code, 3);
    assert.match(other.stderr, new RegExp(`another Bulwark server \\(process ${started.process.pid}\\)`));
    await stopWell(started);
  });
});

/** Direct children, from /proc. */
async function childrenOf(pid: number | undefined): Promise<number[]> {
  const tasks = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, 'utf8')));
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}

function isRunning(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}
