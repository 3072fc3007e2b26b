import type { KeyDocument, KeyId, KeyUses } from '../key-document.ts';

// What all stores have to agree on.

/** One text for a key's id, different for different ids. */
export function joinId({ scope, name }: KeyId): string {
  return JSON.stringify([scope, name]);
}

/** Order of `list`: by scope, then by name, by code units. */
export function compareIds(a: KeyId, b: KeyId): number {
  return compareText(a.scope, b.scope) || compareText(a.name, b.name);
}

/** Versions whose material a commit has to erase. */
export function destroyedVersions({ versions }: KeyDocument): number[] {
  return versions.filter(({ state }) => state === 'destroyed').map(({ version }) => version);
}

/** Whether stored uses are those that were read; the MAC covers all of them. */
export function isSameUses(stored: KeyUses | undefined, read: KeyUses): boolean {
  return stored?.mac === read.mac && stored.reserved === read.reserved && stored.returned === read.returned;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
