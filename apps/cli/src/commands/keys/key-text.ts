import type { KeyId, KeyInfo, VersionInfo } from '@bulwark/keyring';

/** A key's name as it is shown: with its scope, where it has one. */
export function nameOf({ scope, name }: KeyId): string {
  return scope === '' ? name : `${scope}/${name}`;
}

/** A key in one line of a list. */
export function keyLine(key: KeyInfo): string {
  const newest = key.versions.at(-1);
  const due = key.rotationDue === null ? '' : `  due for rotation: ${key.rotationDue}`;
  const state = key.deletedAt === null ? (newest?.state ?? '') : 'deleted';
  const columns = [nameOf(key).padEnd(24), key.kind.padEnd(6), `v${newest?.version}`.padEnd(4), state.padEnd(11)];
  return `${columns.join('  ')}  ${newest?.algorithm}${due}`;
}

/** All that is known of a key. */
export function keyText(key: KeyInfo): string {
  const { rotateAfterMs, rotateAfterUses, expireAfterMs } = key.policy;
  const rotation = [
    ...(rotateAfterMs === null ? [] : [`after ${days(rotateAfterMs)}`]),
    ...(rotateAfterUses === null ? [] : [`after ${rotateAfterUses} uses`]),
    ...(key.rotationDue === null ? [] : [`due now: ${key.rotationDue}`]),
  ];
  return [
    `Key        ${nameOf(key)}`,
    `Kind       ${key.kind}`,
    `Made       ${moment(key.createdAt)}`,
    `Rotation   ${rotation.join(', ') || 'never by itself'}`,
    ...(expireAfterMs === null ? [] : [`Expiry     of each version after ${days(expireAfterMs)}`]),
    ...(key.deletedAt === null ? [] : [`Deleted    ${moment(key.deletedAt)}`]),
    '',
    ...key.versions.map(versionLine),
  ].join('\n');
}

/** A moment, to the second. @param ms Since the epoch. */
export function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function versionLine(version: VersionInfo): string {
  const { state, createdAt, expiresAt, uses, wrappedBy, kid, algorithm } = version;
  const expiry = expiresAt === null ? '' : `, expires ${moment(expiresAt)}`;
  const roots = wrappedBy.length === 0 ? '' : `\n      wrapped by ${wrappedBy.join(', ')}`;
  return `  v${version.version}  ${state}, ${algorithm}, made ${moment(createdAt)}${expiry}, ${uses} uses\n      kid ${kid}${roots}`;
}

const DAY_MS = 86_400_000;

function days(ms: number): string {
  return `${ms / DAY_MS} days`;
}
