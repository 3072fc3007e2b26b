/** Standard output in one of two forms; a command says each thing in both. */
export interface Output {
  readonly isJson: boolean;
  /**
   * @param event Name of the event, and its fields for --json.
   * @param text What people read instead; left out when the event is of no interest to them.
   */
  say(event: { readonly event: string; readonly [field: string]: unknown }, text?: string): void;
}

export function createOutput(stdout: { write(text: string): unknown }, isJson: boolean): Output {
  return {
    isJson,
    say(event, text) {
      if (isJson) stdout.write(`${JSON.stringify(event)}\n`);
      else if (text !== undefined) stdout.write(`${text}\n`);
    },
  };
}
