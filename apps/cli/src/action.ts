import type { Context } from './context.ts';
import type { Outcome } from './exit-codes.ts';

/** Makes a command's action from a function that tells the outcome. */
export type Action = <Options>(
  run: (options: Options, context: Context, argument?: string) => Promise<Outcome>,
) => (...given: unknown[]) => Promise<void>;
