import { KeyringError } from '../errors.ts';

/**
 * Loads a provider's package, which is installed only where that provider is used.
 *
 * @param name As npm knows it.
 * @throws KeyringError ERR_ROOT_MODULE saying what to install
 */
export async function loadOptional<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    const reason = isMissing ? 'is not installed' : 'cannot be loaded';
    const message = `this root provider needs ${name}, which ${reason}; run: npm install ${name}`;
    throw new KeyringError('ERR_ROOT_MODULE', message, { cause });
  }
}
