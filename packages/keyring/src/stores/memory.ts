import type { KeyId, KeyUses } from '../key-document.ts';
import type { StoredKey, VersionedKeyStore } from '../versioned-store.ts';
import { compareIds, destroyedVersions, isSameUses, joinId } from './store-rules.ts';

/** Keeps keys as long as the process lives: for tests, and for keys that are not to outlive it. */
export function memoryStore(): VersionedKeyStore {
  const keys = new Map<string, StoredKey>();
  return {
    async list(scope) {
      const ids = [...keys.values()].map(({ document }): KeyId => ({ scope: document.scope, name: document.name }));
      return ids.filter((id) => scope === undefined || id.scope === scope).sort(compareIds);
    },
    async read(id) {
      return keys.get(joinId(id));
    },
    async commit({ document, material, uses }) {
      const before = keys.get(joinId(document));
      if ((before?.document.revision ?? 0) !== document.revision - 1) return false;
      const kept = new Map([...(before?.material ?? []), ...material]);
      for (const version of destroyedVersions(document)) kept.delete(version);
      keys.set(joinId(document), { document, material: kept, uses: new Map([...(before?.uses ?? []), ...uses]) });
      return true;
    },
    async readUses(id, version) {
      return keys.get(joinId(id))?.uses.get(version);
    },
    async swapUses(id, version, before, after) {
      const key = keys.get(joinId(id));
      if (!key || !isSameUses(key.uses.get(version), before)) return false;
      keys.set(joinId(id), { ...key, uses: new Map<number, KeyUses>([...key.uses, [version, after]]) });
      return true;
    },
  };
}
