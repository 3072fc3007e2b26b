import { changeKey, requireVersion, withVersion } from './change-key.ts';
import { KeyringError } from './errors.ts';
import type { KeyDocument, KeyId, KeyVersion } from './key-document.ts';
import type { KeyEngine } from './key-engine.ts';
import { type LoadedKey, nameOf } from './key-loader.ts';
import { stateAt } from './key-state.ts';
import { type DestructionReceipt, signReceipt } from './receipt.ts';

/** What has to be said before a key is destroyed. */
export interface DestroyOptions {
  /** The key's name once more, so that it is not destroyed by a slip of the hand. */
  readonly confirm: string;
  /** For the receipt and the record. */
  readonly reason: string;
  /** Destroy it though it is the newest version, active, or was used within the last day. */
  readonly force?: boolean;
  /**
   * How many values are still sealed under a version: for fields kept as text, `select count(*) … where
   * substr(col, 9, 24) = kid`. More than none is a reason to refuse, which `force` overrides.
   */
  readonly countSealed?: (kid: string) => Promise<number>;
}

/** The end of keys. What only they open is lost with them: that can be the purpose. */
export interface KeyDestruction {
  /** Takes a key out of use. It can be restored for a while; then `purgeDeleted` destroys it. */
  remove(id: KeyId): Promise<void>;
  /** Takes a deleted key back into use. @throws KeyringError ERR_KEY_STATE (not deleted, or too late) */
  restore(id: KeyId): Promise<void>;
  /**
   * Destroys one version, or the whole key. The name stays taken.
   *
   * @throws KeyringError ERR_DESTROY_REFUSED
   */
  destroy(id: KeyId, version: number | 'all', options: DestroyOptions): Promise<DestructionReceipt[]>;
  /** Destroys the versions that no longer open (`setLowestVersions`). @throws KeyringError ERR_DESTROY_REFUSED */
  trim(id: KeyId, options: DestroyOptions): Promise<DestructionReceipt[]>;
  /** Destroys the deleted keys whose time to be restored is over. */
  purgeDeleted(): Promise<DestructionReceipt[]>;
}

const DAY_MS = 86_400_000;

/** The end of keys on an engine. @param receiptKey Ed25519, 32 bytes; null leaves receipts unsigned. */
export function keyDestruction(engine: KeyEngine, receiptKey: Uint8Array | null): KeyDestruction {
  const { emit, now, restoreWithinMs, store } = engine;

  /** Destroys what `choose` names, in one change; receipts for what was not destroyed before. */
  async function destroyVersions(
    id: KeyId,
    { reason, force = false }: Pick<DestroyOptions, 'reason' | 'force'>,
    choose: (key: LoadedKey, time: number) => KeyVersion[] | Promise<KeyVersion[]>,
  ): Promise<DestructionReceipt[]> {
    let receipts: DestructionReceipt[] = [];
    await changeKey(engine, id, async (key, time) => {
      const chosen = (await choose(key, time)).filter(({ state }) => state !== 'destroyed');
      receipts = chosen.map(({ version, kid }) => {
        const wrappedBy = (key.stored.material.get(version) ?? []).map(({ rootId }) => rootId);
        const { scope, name } = id;
        const facts = { scope, name, version, kid, destroyedAt: time, reason, wasForced: force, wrappedBy };
        return signReceipt(facts, receiptKey);
      });
      if (chosen.length === 0) return undefined;
      const document = chosen.reduce<Omit<KeyDocument, 'mac'>>(
        (changed, { version }) => withVersion(changed, version, { state: 'destroyed' }),
        key.document,
      );
      return { document, isRestriction: true };
    });
    for (const { version } of receipts) emit('destroyed', id, { version, reason });
    return receipts;
  }

  return {
    async remove(id) {
      await changeKey(engine, id, ({ document }, time) =>
        document.deletedAt === null ? { document: { ...document, deletedAt: time }, isRestriction: true } : undefined,
      );
      emit('deleted', id);
    },

    async restore(id) {
      await changeKey(engine, id, ({ document }, time) => {
        if (document.deletedAt === null || document.deletedAt + restoreWithinMs <= time) {
          throw new KeyringError('ERR_KEY_STATE', `key ${nameOf(id)} was not deleted, or too long ago`);
        }
        return { document: { ...document, deletedAt: null }, isRestriction: true };
      });
      emit('restored', id);
    },

    async destroy(id, version, options) {
      requireConfirmed(id, options);
      return destroyVersions(id, options, async (key, time) => {
        const chosen = version === 'all' ? [...key.document.versions] : [requireVersion(key.document, version)];
        if (options.force !== true) await requireUnneeded(key, chosen, version === 'all', options, time);
        return chosen;
      });
    },

    async trim(id, options) {
      requireConfirmed(id, options);
      return destroyVersions(id, options, async (key, time) => {
        const chosen = key.document.versions.filter(({ version }) => version < key.document.minDecryptVersion);
        if (options.force !== true) await requireUnneeded(key, chosen, false, options, time);
        return chosen;
      });
    },

    async purgeDeleted() {
      const receipts: DestructionReceipt[] = [];
      for (const id of await store.list()) {
        const stored = await store.read(id);
        if (!isOver(stored?.document, now() - restoreWithinMs)) continue;
        // Decided again on the verified document: the one above is what the store says.
        const reason = 'deleted, and not restored in time';
        receipts.push(
          ...(await destroyVersions(id, { reason }, ({ document }, time) =>
            isOver(document, time - restoreWithinMs) ? [...document.versions] : [],
          )),
        );
      }
      return receipts;

      function isOver(document: KeyDocument | undefined, deletedBefore: number): boolean {
        if (!document || document.deletedAt === null || document.deletedAt > deletedBefore) return false;
        return document.versions.some(({ state }) => state !== 'destroyed');
      }
    },
  };

  async function requireUnneeded(
    { document, stored }: LoadedKey,
    chosen: readonly KeyVersion[],
    isWholeKey: boolean,
    { countSealed }: DestroyOptions,
    time: number,
  ): Promise<void> {
    for (const version of chosen) {
      if (version.state === 'destroyed') continue;
      const name = `version ${version.version} of key ${nameOf(document)}`;
      const lastUsedAt = stored.uses.get(version.version)?.lastUsedAt ?? null;
      if (!isWholeKey && version === document.versions.at(-1)) throw refused(`${name} is the newest`);
      if (stateAt(version, time) === 'active' && document.deletedAt === null) throw refused(`${name} is active`);
      if (lastUsedAt !== null && time - lastUsedAt < DAY_MS) throw refused(`${name} was used within the last day`);
      const sealed = (await countSealed?.(version.kid)) ?? 0;
      if (sealed > 0) throw refused(`${sealed} values are still sealed under ${name}`);
    }
  }

  function requireConfirmed(id: KeyId, { confirm }: DestroyOptions): void {
    if (confirm !== id.name) throw refused('confirm must be the name of the key');
  }
}

function refused(why: string): KeyringError {
  return new KeyringError('ERR_DESTROY_REFUSED', `not destroyed: ${why}`);
}
