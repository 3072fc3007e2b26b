import type { KeyId } from './key-document.ts';

/** What happened to a key. Names are part of the interface: add freely, never rename. */
export type KeyEventType =
  | 'created'
  | 'rotated'
  | 'rotation-due'
  | 'rotation-failed'
  | 'activated'
  | 'deactivated'
  | 'compromised'
  | 'changed' // policy or lowest versions
  | 'deleted'
  | 'restored'
  | 'destroyed'
  | 'rewrapped'
  | 'exported'
  | 'imported'
  | 'loaded' // unwrapped by a root
  | 'load-failed'
  | 'leased' // uses reserved by this process; `count` is the version's uses so far
  | 'sealed'
  | 'opened'
  | 'opened-compromised' // on the caller's demand
  | 'open-failed'
  | 'clock-behind'; // the clock is behind what the key has seen

/** One thing that happened to one key; no values, no key material. */
export interface KeyEvent extends KeyId {
  readonly type: KeyEventType;
  /** ms since the epoch. */
  readonly at: number;
  readonly version: number | null;
  /** How often, in one call. */
  readonly count: number;
  /** What it was done for: `table.column`, or a name that the kind of call has. */
  readonly purpose: string | null;
  /** The code of the error, where there is one; for operators, not for who asked. */
  readonly reason: string | null;
}

/** Takes events as they happen. It is called between a caller and his key, so it is to be quick. */
export type KeyEventSink = (event: KeyEvent) => void;

/** What an event says beside its type and key. */
export type KeyEventFacts = Partial<Pick<KeyEvent, 'version' | 'count' | 'purpose' | 'reason'>>;

/** Sends events to a sink. */
export type EmitKeyEvent = (type: KeyEventType, id: KeyId, facts?: KeyEventFacts) => void;

/** A sink that throws is reported as a warning of the process: it must not decide whether an operation has succeeded. */
export function emitTo(sink: KeyEventSink | undefined, now: () => number): EmitKeyEvent {
  if (!sink) return () => {};
  return (type, { scope, name }, { version = null, count = 1, purpose = null, reason = null } = {}) => {
    try {
      sink({ type, scope, name, at: now(), version, count, purpose, reason });
    } catch {
      process.emitWarning('a sink of key events has thrown; the event is lost', 'KeyringWarning');
    }
  };
}

/** The code of an error, for `reason`. */
export function reasonOf(error: unknown): string {
  return String((error as { code?: unknown }).code ?? 'unknown');
}
