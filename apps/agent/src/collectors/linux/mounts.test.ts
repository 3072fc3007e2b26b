import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseMounts, storageMounts } from './mounts.ts';

const storagePoints = (mountinfo: string) => storageMounts(parseMounts(mountinfo)).map(({ mountPoint }) => mountPoint);

describe('storage mounts', () => {
  const cases = [
    {
      name: 'leave out pseudo file systems, images, loop and ram devices',
      mountinfo: `
22 27 0:21 / /proc rw,relatime - proc proc rw
25 24 0:23 / /dev/shm rw,relatime shared:4 - tmpfs tmpfs rw
27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 27 7:0 / /snap/core/1 ro,nodev shared:5 - squashfs /dev/loop0 ro
31 27 7:1 / /mnt/image rw shared:5 - ext4 /dev/loop1 rw
32 27 1:0 / /mnt/ram rw - ext4 /dev/ram0 rw
33 27 11:0 / /media/disc ro - iso9660 /dev/sr0 ro
34 27 0:50 / /run/user/1000/doc rw - fuse.portal portal rw
35 27 8:2 / /home rw - ext4 /dev/sda2 rw`,
      points: ['/', '/home'],
    },
    {
      name: 'take a file system once, however often it is mounted',
      mountinfo: `
27 1 8:1 / / rw - ext4 /dev/sda1 rw
28 27 8:1 /srv /exports rw - ext4 /dev/sda1 rw
29 27 8:2 /data /d rw - ext4 /dev/sda2 rw
30 27 8:2 / /mnt/whole rw - ext4 /dev/sda2 rw`,
      points: ['/', '/mnt/whole'],
    },
    {
      name: 'take one subvolume of a btrfs',
      mountinfo: `
27 1 0:30 /@ / rw - btrfs /dev/sda1 rw
28 27 0:30 /@home /home rw - btrfs /dev/sda1 rw`,
      points: ['/'],
    },
    {
      name: "keep a container's root and volumes, not its layers",
      mountinfo: `
27 1 0:99 / / rw - overlay overlay rw,lowerdir=/a
28 27 8:1 /var/lib/docker/volumes/x/_data /data rw - ext4 /dev/sda1 rw
29 27 0:77 / /var/lib/docker/overlay2/abc/merged rw - overlay overlay rw
30 27 0:78 / /var/lib/docker/zfs/graph/abc rw - zfs tank/docker/abc rw`,
      points: ['/', '/data'],
    },
    {
      name: 'keep network shares and ZFS datasets',
      mountinfo: `
27 1 0:20 / / rw - zfs rpool/ROOT rw
28 27 0:40 / /mnt/nfs rw - nfs4 server:/export rw
29 27 0:41 / /tank/home rw - zfs tank/home rw`,
      points: ['/', '/mnt/nfs', '/tank/home'],
    },
    {
      name: 'see only the last of two mounts on one point',
      mountinfo: `
27 1 0:1 / / rw - rootfs rootfs rw
28 1 8:1 / / rw - ext4 /dev/sda1 rw
29 27 8:3 / /mnt rw - ext4 /dev/sda3 rw
30 27 0:9 / /mnt rw - tmpfs tmpfs rw`,
      points: ['/'],
    },
    {
      name: 'have their spaces back',
      mountinfo: String.raw`27 1 8:1 / /media/My\040Disk\134 rw - ext4 /dev/sda1 rw`,
      points: ['/media/My Disk\\'],
    },
  ];
  for (const c of cases) test(c.name, () => assert.deepEqual(storagePoints(c.mountinfo), c.points));
});
