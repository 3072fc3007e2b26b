import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FileSystem } from '../file-system.ts';
import { recordMachine } from '../testing/recorded-machine.ts';
import { createFileSystems } from './file-systems.ts';
import { type Mount, mayHang } from './mounts.ts';
import { openTree } from './tree.ts';

const LOCAL = '27 1 8:1 / / rw - ext4 /dev/sda1 rw\n';
const share = (n: number) => `${30 + n} 27 0:${40 + n} / /mnt/share${n} rw - nfs4 server:/${n} rw\n`;
const fileSystem = ({ mountPoint: mount, source: device, type }: Mount): FileSystem => ({
  ...{ mount, device, type },
  ...{ sizeBytes: 100, usedBytes: 40, availableBytes: 60 },
});

describe('file systems', () => {
  test('are measured where they are mounted', async (t) => {
    const { root } = recordMachine(t, { '/proc/self/mountinfo': LOCAL });
    const { fileSystems, silent } = await createFileSystems(openTree(root))();
    assert.equal(silent, 0);
    const [only] = fileSystems;
    assert.equal(only?.mount, '/');
    assert.ok(only.sizeBytes > 0 && only.usedBytes + only.availableBytes <= only.sizeBytes);
  });

  test('leave out a mounted file', async (t) => {
    const mountinfo = `${LOCAL}28 27 8:9 /x/hosts /etc/hosts rw - ext4 /dev/sda9 rw\n`;
    const { root } = recordMachine(t, { '/proc/self/mountinfo': mountinfo, '/etc/hosts': 'localhost' });
    const { fileSystems } = await createFileSystems(openTree(root))();
    assert.deepEqual(
      fileSystems.map(({ mount }) => mount),
      ['/'],
    );
  });

  test('go on without those that hang, and ask each of these once', async (t) => {
    const mountinfo = [0, 1, 2].map(share).join('') + LOCAL;
    const { root } = recordMachine(t, { '/proc/self/mountinfo': mountinfo });
    const asked: string[] = [];
    const answers = Promise.withResolvers<void>(); // a server that comes back
    const measure = createFileSystems(openTree(root), async (_, mount) => {
      asked.push(mount.mountPoint);
      if (mayHang(mount)) await answers.promise;
      return fileSystem(mount);
    });

    for (let round = 0; round < 2; round += 1) {
      const { fileSystems, silent } = await measure();
      assert.deepEqual(
        fileSystems.map(({ mount }) => mount),
        ['/'],
      );
      assert.equal(silent, 3);
    }
    assert.deepEqual(asked, ['/', '/mnt/share0', '/mnt/share1', '/'], 'two threads may hang, not three');

    answers.resolve();
    await answers.promise;
    const { fileSystems, silent } = await measure();
    assert.equal(fileSystems.length, 4);
    assert.equal(silent, 0);
  });

  test('are measured once for callers at the same time', async (t) => {
    const { root } = recordMachine(t, { '/proc/self/mountinfo': LOCAL });
    let asked = 0;
    const measure = createFileSystems(openTree(root), async (_, mount) => {
      asked += 1;
      return fileSystem(mount);
    });
    await Promise.all([measure(), measure()]);
    assert.equal(asked, 1);
  });
});
