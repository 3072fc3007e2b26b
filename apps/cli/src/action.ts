import type { Context } from './context.ts';
import type { Outcome } from './exit-codes.ts';

/** An action whose code is loaded when it is run: most commands have no use for what another needs. */
export function deferred<Arguments extends readonly unknown[]>(
  load: () => Promise<(...given: Arguments) => Promise<Outcome>>,
): (...given: Arguments) => Promise<Outcome> {
  return async (...given) => (await load())(...given);
}

/** Makes a command's action from a function that takes options, context and the command's arguments, and tells the outcome. */
export type Action = <Options, Arguments extends readonly unknown[]>(
  run: (options: Options, context: Context, ...given: Arguments) => Promise<Outcome>,
) => (...given: unknown[]) => Promise<void>;
