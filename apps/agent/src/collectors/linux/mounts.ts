/** One line of /proc/self/mountinfo. */
export interface Mount {
  mountPoint: string;
  /** major:minor of the file system; the same for every mount of it. */
  device: string;
  /** The folder of the file system that is mounted; '/' is all of it, else it is a bind mount or a subvolume. */
  folder: string;
  type: string;
  source: string;
}

/** Parses proc_pid_mountinfo(5). Of mounts on the same point only the last can be seen. */
export function parseMounts(mountinfo: string): Mount[] {
  const mounts = new Map<string, Mount>();
  for (const line of mountinfo.split('\n')) {
    // id parent device folder point options [tag …] - type source options
    const [mounted = '', fileSystem = ''] = line.split(' - ');
    const [, , device = '', folder = '', point = ''] = mounted.split(' ').map(unescapeOctal);
    const [type = '', source = ''] = fileSystem.split(' ').map(unescapeOctal);
    if (point && type) mounts.set(point, { mountPoint: point, device, folder, type, source });
  }
  return [...mounts.values()];
}

/** The kernel writes space, tab, newline and backslash as \040 \011 \012 \134, the bytes of UTF-8 as they are. */
function unescapeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Always full by nature: images of packages and discs. */
const READ_ONLY_IMAGES = new Set(['squashfs', 'iso9660', 'udf', 'erofs', 'cramfs']);

/** Several disks in one, named by the pool. */
const POOLS = new Set(['zfs', 'bcachefs']);

/** Storage elsewhere: asking for its space goes over a network or through another program, and may never be answered. */
const REMOTE = new Set([
  ...['nfs', 'nfs4', 'cifs', 'smb3', 'ceph', 'glusterfs', 'lustre', 'beegfs', 'afs', '9p', 'virtiofs'],
  ...['fuse.sshfs', 'fuse.rclone', 'fuse.s3fs', 'fuse.glusterfs', 'fuse.mergerfs', 'fuse.ceph'],
]);

/** Loop devices show a file of another file system; ram devices are memory. */
const NOT_A_DISK = /^\/dev\/(loop|ram|zram)\d/;

/** Belongs to containers, which mount and unmount all day; the storage below is on another mount. */
const CONTAINERS = /^\/(var\/lib\/(docker|containers|containerd|kubelet)|run\/containerd)\//;

/**
 * The mounts worth a series, one for each file system. '/' always counts, even as the overlay that a container has.
 */
export function storageMounts(mounts: Mount[]): Mount[] {
  const best = new Map<string, Mount>();
  for (const mount of mounts.filter(isStorage)) {
    const known = best.get(mount.device);
    if (!known || isBetter(mount, known)) best.set(mount.device, mount);
  }
  return [...best.values()];
}

/** Whether asking for its space may never be answered. */
export function mayHang({ type }: Mount): boolean {
  return REMOTE.has(type);
}

function isStorage({ mountPoint, type, source }: Mount): boolean {
  if (mountPoint === '/') return true;
  if (READ_ONLY_IMAGES.has(type) || CONTAINERS.test(mountPoint)) return false;
  return POOLS.has(type) || REMOTE.has(type) || (source.startsWith('/dev/') && !NOT_A_DISK.test(source));
}

/** Of several mounts of one file system: '/', then one that shows all of it, then the shortest path. */
function isBetter(mount: Mount, other: Mount): boolean {
  if (mount.mountPoint === '/' || other.mountPoint === '/') return mount.mountPoint === '/';
  if ((mount.folder === '/') !== (other.folder === '/')) return mount.folder === '/';
  return mount.mountPoint.length < other.mountPoint.length;
}
