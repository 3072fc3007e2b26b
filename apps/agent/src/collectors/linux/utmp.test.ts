import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { recordMachine } from '../testing/recorded-machine.ts';
import { openTree } from './tree.ts';
import { usersCollector } from './users.ts';
import { parseUtmp } from './utmp.ts';

interface Record {
  type: number;
  pid: number;
  line: string;
  user: string;
  host: string;
  seconds: number;
}

/** A record as login(1) writes it; ARM's is longer, with the time later. */
function utmpRecord(
  { type, pid, line, user, host, seconds }: Record,
  arch: NodeJS.Architecture = process.arch,
): Buffer {
  const record = Buffer.alloc(arch === 'arm64' ? 400 : 384);
  record.writeInt16LE(type, 0);
  record.writeInt32LE(pid, 4);
  record.write(line, 8);
  record.write(user, 44);
  record.write(host, 76);
  record.writeUInt32LE(seconds, arch === 'arm64' ? 344 : 340);
  return record;
}

const ada = { type: 7, pid: 100, line: 'pts/0', user: 'ada', host: '192.0.2.7', seconds: 1_700_000_000 };
const boot = { type: 2, pid: 0, line: '~', user: 'reboot', host: '6.1.0', seconds: 1_600_000_000 };
const session = { name: 'ada', terminal: 'pts/0', host: '192.0.2.7', since: 1_700_000_000_000 };

describe('parseUtmp', () => {
  for (const arch of ['x64', 'arm64'] as const) {
    test(`finds the sessions among the records of ${arch}`, () => {
      const utmp = Buffer.concat([
        utmpRecord(boot, arch),
        utmpRecord(ada, arch),
        utmpRecord({ ...ada, type: 8 }, arch),
      ]);
      assert.deepEqual(parseUtmp(utmp, arch), [{ pid: 100, session }]);
    });
  }

  test('takes a name that fills its field', () => {
    const user = 'a'.repeat(32);
    assert.equal(parseUtmp(utmpRecord({ ...ada, user }))[0]?.session.name, user);
  });

  test('stops at a record that is not whole', () => {
    assert.deepEqual(parseUtmp(utmpRecord(ada).subarray(0, 300)), []);
  });
});

describe('users', () => {
  test('are those of utmp whose process lives, each counted once', async (t) => {
    const utmp = Buffer.concat([
      utmpRecord(ada),
      utmpRecord({ ...ada, line: 'tty1', host: '' }),
      utmpRecord({ ...ada, pid: 666 }),
    ]);
    const { root } = recordMachine(t, { '/run/utmp': utmp, '/proc/100/': '' });
    assert.deepEqual(await usersCollector(openTree(root))(), {
      points: [{ metric: 'users.count', instance: '', value: 1 }],
      states: { users: [session, { ...session, terminal: 'tty1', host: '' }] },
    });
  });

  test("are logind's where there is no utmp", async (t) => {
    const { root } = recordMachine(t, {
      '/run/systemd/sessions/3':
        'UID=1000\nUSER=ada\nSTATE=active\nREMOTE=1\nTTY=pts/0\nCLASS=user\nREMOTE_HOST=192.0.2.7\nREALTIME=1700000000000000\n',
      '/run/systemd/sessions/c1': 'UID=120\nUSER=gdm\nSTATE=active\nCLASS=greeter\nREALTIME=1700000000000000\n',
      '/run/systemd/sessions/4': 'UID=1001\nUSER=bob\nSTATE=closing\nCLASS=user\nREALTIME=1700000000000000\n',
    });
    assert.deepEqual((await usersCollector(openTree(root))()).states, { users: [session] });
  });

  test('are none where there is neither', async (t) => {
    const { root } = recordMachine(t);
    assert.deepEqual((await usersCollector(openTree(root))()).states, { users: [] });
  });
});
