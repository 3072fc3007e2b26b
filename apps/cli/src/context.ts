import type { Output } from './output.ts';

/** What a command gets from the process that runs it; only main.ts touches `process` itself. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadableStream;
  readonly stderr: NodeJS.WritableStream & { isTTY?: boolean };
  /** Answers of the command: text for people, or one JSON object a line with --json. */
  readonly output: Output;
  /** Aborts at the first Ctrl-C or SIGTERM. Only commands that stop in order call it; others just end. */
  readonly stopSignal: () => AbortSignal;
  /** Aborts when the process that started this one is gone; never, when it was not started by `bulwark up`. */
  readonly parentGone: () => AbortSignal;
}
