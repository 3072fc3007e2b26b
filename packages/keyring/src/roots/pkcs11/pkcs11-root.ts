import { constantTimeEqual } from '@bulwark/crypto';
import type { Session } from 'graphene-pk11';
import { KeyringError } from '../../errors.ts';
import { withDeadline } from '../deadline.ts';
import { DEFAULT_TIMEOUT_MS, type RemoteRoot, remoteRoot } from '../remote-root.ts';
import { denied, doesNotOpen, misconfigured } from '../root-fault.ts';
import { acquireLibrary, type Pkcs11Library } from './library.ts';
import { findsBytesWrong, fromPkcs11Error, isPinRefused } from './pkcs11-fault.ts';
import { connectToken, PKCS11_ROOT as ROOT, type TokenKey, type TokenKeyAddress } from './token.ts';
import type { SchemeName, WrappingScheme } from './wrapping-scheme.ts';

export type { RemoteRoot } from '../remote-root.ts';
export { createPkcs11Key } from './create-token-key.ts';

/** A key in a PKCS#11 token, and how to get at it. */
export interface Pkcs11Options extends TokenKeyAddress {
  /** The vendor's library, for example /usr/lib/softhsm/libsofthsm2.so. */
  readonly libraryPath: string;
  /** CKA_LABEL of the token. */
  readonly tokenLabel: string;
  /** CKA_LABEL of its AES-256 key: sensitive, not extractable. */
  readonly keyLabel: string;
  /** Asked at each login: at the first use, and after the token was away. */
  readonly pin: () => string | Promise<string>;
  /** AES-GCM where the token offers it, AES key wrap where it does not. */
  readonly scheme?: SchemeName;
  /** Calls that may be in the token at once; 4. */
  readonly sessionCount?: number;
  /** For one wrap or unwrap; 10 s. A call into the library cannot be stopped: late, it is left behind. */
  readonly timeoutMs?: number;
}

const PROBE = Buffer.alloc(32);
const NO_CONTEXT = Buffer.alloc(0);

/**
 * An AES key in a hardware security module, a smart card or SoftHSM, which never leaves it.
 *
 * Connects at the first use. A token that was away is looked for again at the next use, which logs in anew. A PIN that
 * the token refuses is tried once, since tokens lock themselves after a few: open the root anew to try another.
 *
 * @throws KeyringError ERR_ROOT_CONFIG, ERR_ROOT_MODULE; from wrap and unwrap ERR_ROOT_UNAVAILABLE, ERR_ROOT_DENIED
 */
export async function pkcs11Root(options: Pkcs11Options): Promise<RemoteRoot> {
  const { tokenLabel, keyLabel, scheme, sessionCount = 4, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  if (tokenLabel === '' || keyLabel === '') throw misconfigured('tokenLabel and keyLabel must not be empty');
  if (!Number.isInteger(sessionCount) || sessionCount < 1) throw misconfigured('sessionCount must be 1 or more');
  const library = await acquireLibrary(options.libraryPath);
  const connection = reconnecting(library, () => connectToken(library, options, sessionCount, scheme));

  async function perform<T>(work: (token: TokenKey, session: Session) => Promise<T>): Promise<T> {
    const attempt = () =>
      connection.use((token) => token.sessions.use((session) => library.run(() => work(token, session))));
    try {
      return await withDeadline(timeoutMs, attempt);
    } catch (error) {
      throw fromPkcs11Error(ROOT, error);
    }
  }

  return remoteRoot({
    // RFC 7512
    id: `pkcs11:token=${encodeURIComponent(tokenLabel)};object=${encodeURIComponent(keyLabel)}`,
    wrap: (key, context) =>
      perform(async (token, session) => {
        const preferred = token.schemes[0] as WrappingScheme;
        const wrapped = await preferred.wrap(session, token.key, key, context);
        // Some modules put a nonce of their own in place of ours. Better found out now than when the key is needed.
        const again = await preferred.unwrap(session, token.key, wrapped, context);
        if (!constantTimeEqual(again, key)) throw denied(ROOT, 'it does not open what it wrapped; try another scheme');
        again.fill(0);
        return Buffer.concat([Buffer.of(preferred.mark), wrapped]);
      }),
    unwrap: (wrapped, context) =>
      perform(async (token, session) => {
        const scheme = token.schemes.find(({ mark }) => mark === wrapped[0]);
        if (scheme === undefined) throw doesNotOpen();
        try {
          return await scheme.unwrap(session, token.key, Buffer.from(wrapped.subarray(1)), context);
        } catch (error) {
          const wrong = findsBytesWrong(error);
          if (wrong === true || (wrong === 'unsure' && (await works(scheme, token, session)))) throw doesNotOpen();
          throw error;
        }
      }),
    async close() {
      if (await connection.close()) await library.release();
    },
  });
}

/** Whether the token opens something that it surely wrapped: then it was not at fault before. */
async function works(scheme: WrappingScheme, { key }: TokenKey, session: Session): Promise<boolean> {
  try {
    const wrapped = await scheme.wrap(session, key, PROBE, NO_CONTEXT);
    return constantTimeEqual(await scheme.unwrap(session, key, wrapped, NO_CONTEXT), PROBE);
  } catch {
    return false;
  }
}

interface Connection {
  readonly token: TokenKey;
  readonly initialisation: number;
}

/** One connection for all callers, made when it is needed and made anew when a call finds it lost. */
function reconnecting(library: Pkcs11Library, connect: () => Promise<TokenKey>) {
  let current: Promise<Connection> | undefined;
  let lost = 0; // the initialisation of the library that is not to be tried again
  let refusedPin: unknown;
  let isClosed = false;

  async function open(): Promise<Connection> {
    let initialisation = lost;
    try {
      if (isClosed) throw denied(ROOT, 'this root was closed');
      if (refusedPin !== undefined) throw refusedPin;
      initialisation = await library.initialise(lost);
      return { token: await library.run(connect), initialisation };
    } catch (error) {
      current = undefined;
      if (isPinRefused(error)) refusedPin = error;
      else if (isLoss(error)) lost = initialisation;
      throw error;
    }
  }

  async function connected(): Promise<Connection> {
    current ??= open();
    return current;
  }

  return {
    async use<T>(call: (token: TokenKey) => Promise<T>): Promise<T> {
      const connection = await connected();
      try {
        return await call(connection.token);
      } catch (error) {
        if (!isLoss(error)) throw error;
        if (connection.initialisation > lost) {
          // First to notice; whoever comes after finds a connection that is being made anew.
          lost = connection.initialisation;
          current = undefined;
        }
        return call((await connected()).token);
      }
    },
    /** True at the first time. */
    async close(): Promise<boolean> {
      if (isClosed) return false;
      isClosed = true;
      const connection = await current?.catch(() => undefined);
      current = undefined;
      if (connection) await library.run(async () => connection.token.close());
      return true;
    },
  };
}

/** Whether an error says that the token is gone, or has forgotten us, rather than answers. */
function isLoss(error: unknown): boolean {
  return error instanceof KeyringError ? error.code === 'ERR_ROOT_UNAVAILABLE' : !isPinRefused(error);
}
