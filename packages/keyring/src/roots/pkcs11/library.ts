import type { Module } from 'graphene-pk11';
import { loadOptional } from '../load-optional.ts';
import { misconfigured } from '../root-fault.ts';
import { CKR, codeOf } from './pkcs11-fault.ts';

export type Graphene = typeof import('graphene-pk11');

/** A vendor's PKCS#11 library, loaded once for the process however many roots use it. */
export interface Pkcs11Library {
  readonly graphene: Graphene;
  readonly module: Module;
  /** Runs calls into the library, which may be on other threads until the promise settles. */
  run<T>(calls: () => Promise<T>): Promise<T>;
  /**
   * Initialises the library, or finalises and initialises it anew where it still is as it was when a token was lost:
   * most libraries find a token again only then. Waits until nothing is running.
   *
   * @param lost The initialisation that no longer does; 0 where there was none.
   * @returns The number of the present initialisation, from 1. All sessions of those before it are gone.
   */
  initialise(lost: number): Promise<number>;
  /** The last user's call finalises the library. */
  release(): Promise<void>;
}

// C_Initialize and C_Finalize are of the process (PKCS#11 3.1, 5.4), and so is this.
const loaded = new Map<string, { library: Pkcs11Library; users: number }>();

// Calls come from Node's thread pool, so the library must lock (CKF_OS_LOCKING_OK).
const OS_LOCKING = { flags: 2 };

/**
 * Loads a library, or shares the one that is loaded.
 *
 * @param path Absolute, for example /usr/lib/softhsm/libsofthsm2.so.
 * @throws KeyringError ERR_ROOT_MODULE, ERR_ROOT_CONFIG
 */
export async function acquireLibrary(path: string): Promise<Pkcs11Library> {
  const graphene = await loadOptional('graphene-pk11', () => import('graphene-pk11'));
  const shared = loaded.get(path) ?? { library: load(path, graphene), users: 0 };
  loaded.set(path, shared);
  shared.users += 1;
  return shared.library;
}

function load(path: string, graphene: Graphene): Pkcs11Library {
  const module = openModule(path, graphene);
  let initialisation = 0;
  let running = 0;
  let idle = Promise.withResolvers<void>();
  let initialising: Promise<void> | undefined;

  // "The behavior of C_Finalize is undefined if it is called while other threads are making Cryptoki calls."
  async function finaliseWhenIdle(): Promise<void> {
    idle = Promise.withResolvers();
    if (running > 0) await idle.promise;
    try {
      module.finalize();
    } catch (error) {
      if (codeOf(error) !== CKR.CRYPTOKI_NOT_INITIALIZED) throw error;
    }
  }

  async function initialiseAnew(): Promise<void> {
    try {
      await finaliseWhenIdle();
      module.initialize(OS_LOCKING);
      initialisation += 1;
    } finally {
      initialising = undefined;
    }
  }

  return {
    graphene,
    module,
    async run(calls) {
      while (initialising !== undefined) await initialising.catch(() => {}); // whoever began it has the error
      running += 1;
      try {
        return await calls();
      } finally {
        running -= 1;
        if (running === 0) idle.resolve();
      }
    },
    async initialise(lost) {
      if (initialisation <= lost) {
        initialising ??= initialiseAnew();
        await initialising;
      }
      return initialisation;
    },
    async release() {
      const shared = loaded.get(path);
      if (shared === undefined) return;
      shared.users -= 1;
      if (shared.users > 0) return;
      loaded.delete(path);
      await finaliseWhenIdle();
    },
  };
}

function openModule(path: string, graphene: Graphene): Module {
  try {
    return graphene.Module.load(path);
  } catch {
    throw misconfigured(`libraryPath ${path} is not a PKCS#11 library that can be loaded`);
  }
}
