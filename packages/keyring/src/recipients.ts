import { CryptoError, constantTimeEqual, decodeBase64Url, encodeBase64Url, pae } from '@bulwark/crypto';
import { KeyringError } from './errors.ts';
import type { KeyDocument, KeyVersion } from './key-document.ts';
import { deriveMaterial, eraseMaterial, type KeyMaterial } from './key-material.ts';
import { isSameRoot, type RootProvider } from './root.ts';
import type { WrappedKey } from './versioned-store.ts';

/** What the key of a version is bound to: wrapped material does not open under another name, kind or version. */
type Owner = Pick<KeyDocument, 'scope' | 'name' | 'kind'>;
type Named = Pick<KeyVersion, 'version' | 'kid' | 'suite'>;

/** How one of a version's recipients answered. */
export interface RecipientCheck {
  readonly rootId: string;
  readonly version: number;
  /** away: cannot be asked, or is not configured here · opens: to this very key · differs: to nothing, or another key */
  readonly answer: 'opens' | 'away' | 'differs';
}

/** Wraps a secret to each root, so that any of them alone opens it. */
export async function wrapToAll(
  roots: readonly RootProvider[],
  owner: Owner,
  version: Named,
  secret: Uint8Array,
): Promise<WrappedKey[]> {
  const context = wrapContext(owner, version);
  return Promise.all(
    roots.map(async (root) => {
      const wrapped = await root.wrap(secret, context).catch((error: unknown) => {
        throw rootFault(root.id, error);
      });
      return { rootId: root.id, wrapped: encodeBase64Url(wrapped) };
    }),
  );
}

/**
 * Unwraps a version with the first of the roots that can, in the order in which they are configured.
 *
 * The key must have the id that the document gives it. So two recipients never open to different keys: whoever holds
 * the one that is not the key has an error.
 *
 * @throws KeyringError ERR_KEY_UNAVAILABLE (no recipient could be asked), ERR_ROOT_DENIED (one refuses),
 *   ERR_ROOT_DENIED (one refuses), ERR_ROOT_KEY_WRONG (none opens it), ERR_KEY_ALTERED (one opened it to another key)
 */
export async function unwrapFromAny(
  roots: readonly RootProvider[],
  owner: Owner,
  version: Named,
  wrapped: readonly WrappedKey[],
): Promise<KeyMaterial> {
  let failure = new KeyringError('ERR_ROOT_KEY_WRONG', 'none of the configured roots wrapped this key');
  for (const root of roots) {
    for (const copy of wrapped.filter(({ rootId }) => isSameRoot(rootId, root.id))) {
      try {
        return requireKid(version, await unwrapOne(root, owner, version, copy));
      } catch (error) {
        if (!(error instanceof KeyringError) || error.code === 'ERR_KEY_ALTERED') throw error;
        if (hopeOf(error) > hopeOf(failure)) failure = error;
      }
    }
  }
  throw failure;
}

/** Asks every recipient of a version whether it opens to the key that `material` is. */
export async function checkRecipients(
  roots: readonly RootProvider[],
  owner: Owner,
  version: Named,
  wrapped: readonly WrappedKey[],
  material: KeyMaterial,
): Promise<RecipientCheck[]> {
  return Promise.all(
    wrapped.map(async (copy) => {
      const root = roots.find(({ id }) => isSameRoot(id, copy.rootId));
      const answer = root ? await askRecipient(root, owner, version, copy, material) : 'away';
      return { rootId: copy.rootId, version: version.version, answer };
    }),
  );
}

async function askRecipient(
  root: RootProvider,
  owner: Owner,
  version: Named,
  copy: WrappedKey,
  material: KeyMaterial,
): Promise<RecipientCheck['answer']> {
  try {
    const theirs = await unwrapOne(root, owner, version, copy);
    const isSame = constantTimeEqual(theirs.secret, material.secret);
    eraseMaterial([theirs]);
    return isSame ? 'opens' : 'differs';
  } catch (error) {
    const isAnswer = error instanceof KeyringError && ['ERR_ROOT_KEY_WRONG', 'ERR_KEY_ALTERED'].includes(error.code);
    return isAnswer || error instanceof CryptoError ? 'differs' : 'away';
  }
}

async function unwrapOne(root: RootProvider, owner: Owner, version: Named, copy: WrappedKey): Promise<KeyMaterial> {
  const secret = await root
    .unwrap(decodeBase64Url(copy.wrapped), wrapContext(owner, version))
    .catch((error: unknown) => {
      throw rootFault(root.id, error);
    });
  if (secret.length !== 32) throw new KeyringError('ERR_KEY_ALTERED', `root ${root.id} opened to no key of ours`);
  return deriveMaterial(owner.kind, version.suite, secret);
}

function requireKid(version: Named, material: KeyMaterial): KeyMaterial {
  if (constantTimeEqual(Buffer.from(material.kid), Buffer.from(version.kid))) return material;
  eraseMaterial([material]);
  throw new KeyringError('ERR_KEY_ALTERED', `version ${version.version} unwraps to another key than it names`);
}

// The kid commits to the key, so that no recipient can be given another one under the same name.
function wrapContext({ scope, name, kind }: Owner, { version, kid, suite }: Named): Buffer {
  return pae('bw1/wrap-version', scope, name, kind, String(version), kid, suite ?? '');
}

/** What is said of itself by the root stands; everything else means that it is away. */
function rootFault(rootId: string, cause: unknown): KeyringError {
  if (cause instanceof KeyringError && cause.code !== 'ERR_ROOT_UNAVAILABLE') return cause;
  return new KeyringError('ERR_KEY_UNAVAILABLE', `root ${rootId} does not answer`, { cause });
}

/** Of several failures the one is told that is most easily mended: by waiting, then by a permission. */
function hopeOf({ code }: KeyringError): number {
  return ['ERR_ROOT_KEY_WRONG', 'ERR_ROOT_DENIED', 'ERR_KEY_UNAVAILABLE'].indexOf(code);
}
