import type { KeyId } from './key-document.ts';
import type { EmitKeyEvent } from './key-event.ts';
import type { KeyLoader } from './key-loader.ts';
import type { RootProvider } from './root.ts';
import type { VersionedKeyStore } from './versioned-store.ts';

/** What the parts of an open set of keys share. Made by `openKeys`, and by nobody else. */
export interface KeyEngine {
  readonly store: VersionedKeyStore;
  /** Keys are wrapped to each of these. */
  readonly roots: readonly RootProvider[];
  readonly loader: KeyLoader;
  readonly now: () => number;
  readonly emit: EmitKeyEvent;
  /** How long a deleted key can be restored, in ms. */
  readonly restoreWithinMs: number;
  /**
   * Told after a key was changed here. A restriction counts at once; anything else when the key is there in its new
   * form, so that who uses it does not notice.
   */
  readonly onChanged: (id: KeyId, isRestricted: boolean) => Promise<void>;
}
