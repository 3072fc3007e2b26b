import { printable } from './printable.ts';

interface Event {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** What a command says, in one of two forms; each thing is said in both. */
export interface Output {
  readonly isJson: boolean;
  /**
   * @param event Name of the event, and its fields for --json.
   * @param text What people read instead; left out when the event is of no interest to them.
   */
  say(event: Event, text?: string): void;
  /** As `say`, for what went wrong: people read it on standard error, line by line. */
  complain(event: Event, text: string): void;
}

interface Writer {
  write(text: string): unknown;
}

export function createOutput(stdout: Writer, stderr: Writer, isJson: boolean): Output {
  const sayJson = (event: Event) => stdout.write(`${JSON.stringify(event)}\n`);
  return {
    isJson,
    say(event, text) {
      if (isJson) sayJson(event);
      else if (text !== undefined) stdout.write(`${printable(text)}\n`);
    },
    complain(event, text) {
      if (isJson) sayJson(event);
      else for (const line of printable(text).split('\n')) stderr.write(`bulwark: ${line}\n`);
    },
  };
}
