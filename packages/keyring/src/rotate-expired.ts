import type { KeyId } from './key-document.ts';
import type { KeyEngine } from './key-engine.ts';
import { reasonOf } from './key-event.ts';
import type { KeyLifecycle } from './key-lifecycle.ts';
import { eraseMaterial } from './key-material.ts';
import { type RotationReason, rotationReason } from './rotation-policy.ts';
import { latestTimeOf } from './usable-key.ts';

/** What a round of rotation did. */
export interface RotationReport {
  readonly rotated: readonly (KeyId & { readonly version: number; readonly reason: RotationReason })[];
  /** Keys that were due, or could not be looked at; they are tried again in the next round. */
  readonly failed: readonly (KeyId & { readonly error: unknown })[];
}

/**
 * Rotates each key that is due. It may be killed at any point and run by any number of processes at once: each rotation
 * is one change, made by one of them, and a round only does what is still due.
 */
export async function rotateExpired(
  { store, loader, now, emit }: KeyEngine,
  { rotate }: Pick<KeyLifecycle, 'rotate'>,
  scope?: string,
): Promise<RotationReport> {
  const rotated: RotationReport['rotated'][number][] = [];
  const failed: RotationReport['failed'][number][] = [];
  for (const id of await store.list(scope)) {
    try {
      const reason = await dueReason(id);
      if (!reason) continue;
      rotated.push({ ...id, reason, version: await rotate(id) });
    } catch (error) {
      if (isGone(error)) continue;
      emit('rotation-failed', id, { reason: reasonOf(error) });
      failed.push({ ...id, error });
    }
  }
  return { rotated, failed };

  async function dueReason(id: KeyId): Promise<RotationReason | null> {
    const loaded = await loader.load(id, 'all');
    eraseMaterial(loaded.material.values());
    const reason = rotationReason(loaded.document, loaded.stored.uses, Math.max(now(), latestTimeOf(loaded)));
    if (reason) emit('rotation-due', id, { reason });
    return reason;
  }
}

function isGone(error: unknown): boolean {
  return reasonOf(error) === 'ERR_KEY_DESTROYED' || reasonOf(error) === 'ERR_KEY_NOT_FOUND';
}
