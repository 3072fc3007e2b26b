import type { RootProvider } from '../root.ts';

/** A root in another process or machine, with connections to give back. `await using` closes it at the block's end. */
export interface RemoteRoot extends RootProvider, AsyncDisposable {
  /** Gives connections back. Clients that were passed in belong to the caller and stay open. */
  close(): Promise<void>;
}

/** How long one `wrap` or `unwrap` may take, retries included, where the options say nothing. */
export const DEFAULT_TIMEOUT_MS = 10_000;

/** Completes a root with both ways of closing it. */
export function remoteRoot(root: Omit<RemoteRoot, typeof Symbol.asyncDispose>): RemoteRoot {
  return { ...root, [Symbol.asyncDispose]: () => root.close() };
}
