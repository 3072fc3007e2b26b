import type { Tree } from './tree.ts';

const PASSWD = '/etc/passwd';

/** Names of users, read again when the file changed. A user known only to a directory service is their number. */
export function createUserNames(tree: Tree): (uid: number) => string {
  let names = new Map<number, string>();
  let readAt: number | undefined;

  return (uid) => {
    const modifiedAt = tree.modifiedAt(PASSWD);
    if (modifiedAt !== undefined && modifiedAt !== readAt) {
      names = parsePasswd(tree.readNow(PASSWD));
      readAt = modifiedAt;
    }
    return names.get(uid) ?? String(uid);
  };
}

/** Two names may share a number; the first is the one that tools show. */
function parsePasswd(passwd: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of passwd.split('\n')) {
    const [name, , uid] = line.split(':');
    if (name && uid && !names.has(Number(uid))) names.set(Number(uid), name);
  }
  return names;
}
