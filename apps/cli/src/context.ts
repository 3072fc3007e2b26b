import type { Output } from './output.ts';

/** What a command gets from the process that runs it; only main.ts touches `process` itself. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** For data, such as a decrypted file. Answers go through `output`. */
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  /** Answers of the command: text for people, or one JSON object a line with --json. */
  readonly output: Output;
  /** Aborts at the first Ctrl-C or SIGTERM. Only commands that have something to stop or to clear away call it. */
  readonly stopSignal: () => AbortSignal;
  /** Has Ctrl-C and SIGTERM call this, where they would end the process, until the returned function is called. */
  readonly onStop: (listener: () => void) => () => void;
  /** Aborts when the process that started this one is gone; never, when it was not started by `bulwark up`. */
  readonly parentGone: () => AbortSignal;
}
