import { KeyringError } from './errors.ts';

/**
 * Life of a key version (NIST SP 800-57 part 1, section 7).
 *
 * pre-active: exists, does nothing yet · active: seals and opens · deactivated: only opens · compromised: others may
 * know it; opens only where the caller insists · destroyed: its material is gone.
 */
export type KeyState = 'pre-active' | 'active' | 'deactivated' | 'compromised' | 'destroyed';

/** What of a version decides its state at a moment. */
export interface DatedState {
  readonly state: KeyState;
  /** ms since the epoch: when a pre-active version becomes active by itself. */
  readonly activatesAt: number | null;
  /** ms since the epoch: from when on it only opens. */
  readonly expiresAt: number | null;
}

/** States that may follow. There is no way back: a key that was exposed or given up never seals again. */
const NEXT: Readonly<Record<KeyState, readonly KeyState[]>> = {
  'pre-active': ['active', 'compromised', 'destroyed'],
  active: ['deactivated', 'compromised', 'destroyed'],
  deactivated: ['compromised', 'destroyed'],
  compromised: ['destroyed'],
  destroyed: [],
};

/** The state at a moment: what was recorded, carried on by the dates. */
export function stateAt({ state, activatesAt, expiresAt }: DatedState, now: number): KeyState {
  const isActive = state === 'active' || (state === 'pre-active' && activatesAt !== null && activatesAt <= now);
  if (!isActive) return state;
  return expiresAt !== null && expiresAt <= now ? 'deactivated' : 'active';
}

/** @throws KeyringError ERR_KEY_STATE where SP 800-57 has no such transition */
export function requireTransition(from: KeyState, to: KeyState): void {
  if (NEXT[from].includes(to)) return;
  throw new KeyringError('ERR_KEY_STATE', `a key version that is ${from} cannot become ${to}`);
}
