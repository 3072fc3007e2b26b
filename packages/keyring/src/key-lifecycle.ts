import type { FieldSuite } from '@bulwark/crypto';
import { addKey, changeKey, newVersion, type Proposal, requireVersion, withVersion } from './change-key.ts';
import { KeyringError } from './errors.ts';
import type { KeyDocument, KeyId, KeyKind, KeyPolicy, UnsignedDocument } from './key-document.ts';
import type { KeyEngine } from './key-engine.ts';
import { describeKey, type KeyInfo } from './key-info.ts';
import { USE_LIMITS } from './key-limits.ts';
import { nameOf } from './key-loader.ts';
import { eraseMaterial } from './key-material.ts';
import { requireTransition, stateAt } from './key-state.ts';
import { checkRecipients, type RecipientCheck } from './recipients.ts';
import { DEFAULT_POLICIES } from './rotation-policy.ts';
import { newestActive } from './usable-key.ts';

/** What a new key is like. */
export interface CreateKeyOptions {
  /** `data` by default. */
  readonly kind?: KeyKind;
  /** How a data key seals; `XAES-256-GCM` by default. */
  readonly suite?: FieldSuite;
  /** What differs from the default: for data keys, 90 days; for others, no rotation. */
  readonly policy?: Partial<KeyPolicy>;
  /** ms since the epoch: pre-active until then. */
  readonly activatesAt?: number;
}

/** The life of keys: making, replacing, retiring. Each call is one change in the store, made whole or not at all. */
export interface KeyLifecycle {
  /** @throws KeyringError ERR_KEY_EXISTS, also for names of destroyed keys; ERR_ARGUMENT */
  create(id: KeyId, options?: CreateKeyOptions): Promise<KeyInfo>;
  /** Reads and verifies what is known of a key. @throws KeyringError ERR_KEY_NOT_FOUND and others */
  describe(id: KeyId): Promise<KeyInfo>;
  /**
   * Adds a version, which seals from now on; the one before only opens. Of several processes that rotate at once one
   * does, and all get the same new version.
   *
   * @returns The number of the new version.
   */
  rotate(id: KeyId, options?: { readonly suite?: FieldSuite; readonly activatesAt?: number }): Promise<number>;
  /** Makes a pre-active version active now. @throws KeyringError ERR_KEY_STATE */
  activate(id: KeyId, version: number): Promise<void>;
  /** Makes a version open only. The key seals no more where it was the last active one. @throws KeyringError ERR_KEY_STATE */
  deactivate(id: KeyId, version: number): Promise<void>;
  /**
   * Records that others may know a version. It opens from now on only where the caller insists; a data key that sealed
   * with it is rotated in the same step. @throws KeyringError ERR_KEY_STATE
   */
  compromise(id: KeyId, version: number): Promise<void>;
  /** Replaces the policy in part. Holds for versions to come, but for rotation by age and use. @throws KeyringError ERR_ARGUMENT */
  setPolicy(id: KeyId, policy: Partial<KeyPolicy>): Promise<void>;
  /** Sets the lowest versions that open and seal. @throws KeyringError ERR_ARGUMENT (0, or beyond the newest version) */
  setLowestVersions(id: KeyId, lowest: { readonly decrypt?: number; readonly encrypt?: number }): Promise<void>;
  /** Whether each recipient of each version opens to the key; the one that has another key, or none, is named. */
  checkRecipients(id: KeyId): Promise<RecipientCheck[]>;
  /**
   * Wraps all versions to the present roots, without touching what they sealed.
   *
   * @param options repair: do so even where a recipient does not open to the key, as long as another does.
   * @throws KeyringError ERR_KEY_ALTERED (recipients differ)
   */
  rewrap(id: KeyId, options?: { readonly repair?: boolean }): Promise<void>;
}

/** The life of keys on an engine. */
export function keyLifecycle(engine: KeyEngine): KeyLifecycle {
  const { emit, now } = engine;

  /** Changes the state of a version, unless it has it already. */
  async function transition(id: KeyId, version: number, state: 'active' | 'deactivated' | 'compromised') {
    let hasRotated = false;
    const document = await changeKey(engine, id, ({ document: before }, time) => {
      const current = requireVersion(before, version);
      if (stateAt(current, time) === state && current.state === state) return undefined;
      requireTransition(current.state, state);
      const change = state === 'active' ? { state, activatesAt: time } : { state };
      const changed = withVersion(before, version, change);
      hasRotated = state === 'compromised' && before.kind === 'data' && newestActive(before, time) === current;
      return hasRotated
        ? { ...addVersion(changed, time, current.suite), isRestriction: true }
        : { document: changed, isRestriction: state !== 'active' };
    });
    emit(state === 'active' ? 'activated' : state, id, { version });
    if (hasRotated) emit('rotated', id, { version: newestVersion(document) });
  }

  async function recipientsOf(id: KeyId): Promise<RecipientCheck[]> {
    const loaded = await engine.loader.load(id, 'all');
    try {
      const checks = [...loaded.material].map(([number, material]) => {
        const version = requireVersion(loaded.document, number);
        const wrapped = loaded.stored.material.get(number) ?? [];
        return checkRecipients(engine.loader.roots, loaded.document, version, wrapped, material);
      });
      return (await Promise.all(checks)).flat();
    } finally {
      eraseMaterial(loaded.material.values());
    }
  }

  return {
    async create(id, options = {}) {
      requireId(id);
      const { kind = 'data', activatesAt = null } = options;
      if (kind !== 'data' && options.suite) throw argument('suite', 'is for keys of kind data only');
      const suite = kind === 'data' ? (options.suite ?? 'XAES-256-GCM') : null;
      const policy = requirePolicy({ ...DEFAULT_POLICIES[kind], ...options.policy }, suite);
      const createdAt = now();
      const first = newVersion(kind, suite, {
        version: 1,
        createdAt,
        activatesAt,
        expireAfterMs: policy.expireAfterMs,
      });
      await addKey(
        engine,
        {
          scope: id.scope,
          name: id.name,
          kind,
          revision: 1,
          policy,
          minDecryptVersion: 1,
          minEncryptVersion: 1,
          createdAt,
          changedAt: createdAt,
          deletedAt: null,
          versions: [first.version],
        },
        [first],
      );
      emit('created', id, { version: 1 });
      return describeKey(engine, id);
    },

    describe: (id) => describeKey(engine, id),

    async rotate(id, { suite, activatesAt } = {}) {
      let from: number | undefined;
      let hasRotated = false;
      const document = await changeKey(engine, id, ({ document: before }, time) => {
        requireNotDeleted(before);
        if (before.kind !== 'data' && suite) throw argument('suite', 'is for keys of kind data only');
        from ??= newestVersion(before);
        // Another was quicker, and its version is as new as ours would be.
        if (newestVersion(before) !== from) return undefined;
        hasRotated = true;
        return addVersion(before, time, suite ?? before.versions.at(-1)!.suite, activatesAt ?? null);
      });
      const version = newestVersion(document);
      if (hasRotated && version === from! + 1) emit('rotated', id, { version });
      return version;
    },

    activate: (id, version) => transition(id, version, 'active'),
    deactivate: (id, version) => transition(id, version, 'deactivated'),
    compromise: (id, version) => transition(id, version, 'compromised'),

    async setPolicy(id, policy) {
      await changeKey(engine, id, ({ document }) => {
        const changed = { ...document.policy, ...policy };
        return { document: { ...document, policy: requirePolicy(changed, document.versions.at(-1)!.suite) } };
      });
      emit('changed', id);
    },

    async setLowestVersions(id, { decrypt, encrypt }) {
      await changeKey(engine, id, ({ document }) => {
        const [minDecryptVersion, minEncryptVersion] = [
          decrypt ?? document.minDecryptVersion,
          encrypt ?? document.minEncryptVersion,
        ];
        for (const lowest of [minDecryptVersion, minEncryptVersion]) requireVersion(document, lowest);
        return { document: { ...document, minDecryptVersion, minEncryptVersion }, isRestriction: true };
      });
      emit('changed', id);
    },

    checkRecipients: recipientsOf,

    async rewrap(id, { repair = false } = {}) {
      if (!repair) {
        const differing = (await recipientsOf(id)).filter(({ answer }) => answer === 'differs');
        if (differing.length > 0) {
          const roots = [...new Set(differing.map(({ rootId }) => rootId))].join(', ');
          throw new KeyringError('ERR_KEY_ALTERED', `key ${nameOf(id)}: ${roots} does not open to the key`);
        }
      }
      await changeKey(engine, id, ({ document, material }) => ({ document, rewrapped: [...material.keys()] }));
      emit('rewrapped', id);
    },
  };
}

/** A key with one more version; the active ones before it are deactivated unless it has to wait for its time. */
export function addVersion(
  before: UnsignedDocument,
  now: number,
  suite: FieldSuite | null,
  activatesAt: number | null = null,
): Proposal {
  const { expireAfterMs } = before.policy;
  const facts = { version: newestVersion(before) + 1, createdAt: now, activatesAt, expireAfterMs };
  const added = newVersion(before.kind, suite, facts);
  const versions = before.versions.map((version) =>
    activatesAt === null && stateAt(version, now) === 'active'
      ? { ...version, state: 'deactivated' as const }
      : version,
  );
  return { document: { ...before, versions: [...versions, added.version] }, added: [added] };
}

/** The highest version number. */
export function newestVersion({ versions }: UnsignedDocument): number {
  return versions.at(-1)?.version ?? 0;
}

function requireId({ scope, name }: KeyId): void {
  if (!/^[^\p{C}]{1,200}$/u.test(name)) throw argument('name', 'must be 1 to 200 printable characters');
  if (!/^[^\p{C}]{0,200}$/u.test(scope)) throw argument('scope', 'must be up to 200 printable characters');
}

function requirePolicy(policy: KeyPolicy, suite: FieldSuite | null): KeyPolicy {
  for (const name of ['rotateAfterMs', 'rotateAfterUses', 'expireAfterMs'] as const) {
    const value = policy[name];
    if (value !== null && !(Number.isSafeInteger(value) && value > 0)) {
      throw argument(name, 'must be a whole number above 0, or null');
    }
  }
  if (suite !== null && (policy.rotateAfterUses ?? 0) > USE_LIMITS[suite].soft) {
    throw argument('rotateAfterUses', `must be at most ${USE_LIMITS[suite].soft} with ${suite}`);
  }
  return policy;
}

function requireNotDeleted(document: KeyDocument): void {
  if (document.deletedAt === null) return;
  throw new KeyringError('ERR_KEY_DELETED', `key ${nameOf(document)} was deleted`);
}

function argument(name: string, problem: string): KeyringError {
  return new KeyringError('ERR_ARGUMENT', `${name} ${problem}`);
}
