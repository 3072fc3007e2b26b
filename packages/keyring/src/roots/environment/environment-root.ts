import { KeyringError } from '../../errors.ts';
import { localRoot, type RootProvider } from '../../root.ts';
import { HOW_TO_GENERATE, parseRootKey } from '../root-key-text.ts';

/**
 * A root key from an environment variable: base64, base64url or hex of 32 bytes.
 *
 * @param environment What the process was started with, passed in by its entry point.
 * @param variable For example `BULWARK_ROOT_KEY`; every message names it, none has its value.
 * @throws KeyringError ERR_ROOT_KEY_MISSING, ERR_ROOT_KEY_ENCODING, ERR_ROOT_KEY_FORMAT (length)
 */
export function environmentRoot(
  environment: Readonly<Record<string, string | undefined>>,
  variable: string,
): RootProvider {
  const text = environment[variable];
  if (text === undefined) {
    throw new KeyringError('ERR_ROOT_KEY_MISSING', `${variable} is not set; ${HOW_TO_GENERATE}`);
  }
  const key = parseRootKey(text, variable);
  try {
    return localRoot(key);
  } finally {
    key.fill(0);
  }
}
