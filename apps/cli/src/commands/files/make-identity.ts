import type { Context } from '../../context.ts';
import type { Outcome } from '../../exit-codes.ts';
import { createIdentityFile } from '../../recipients/identity-file.ts';

interface Options {
  readonly output: string;
  readonly hybrid?: boolean;
}

/** `bulwark files keygen` */
export async function makeIdentity({ output: file, hybrid }: Options, { output }: Context): Promise<Outcome> {
  const publicKey = await createIdentityFile(file, hybrid ? 'hybrid' : 'x25519', new Date());
  output.say({ event: 'identity-created', file, publicKey }, publicKey);
  return 'ok';
}
