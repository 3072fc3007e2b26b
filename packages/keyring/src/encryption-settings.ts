import { KeyringError } from './errors.ts';

/** Settings of the encryption service. */
export interface EncryptionSettings {
  /** `ENCRYPTION_MASTER_PASSWORD`: what the root follows from. */
  readonly masterPassword: string;
  /** `ENCRYPTION_KEY_PATH`: the directory of the keys. */
  readonly keyPath: string;
  /** `ENCRYPTION_AUTO_ROTATION`: whether keys are rotated by themselves; true by default. */
  readonly autoRotation: boolean;
  /** `ENCRYPTION_ROTATION_INTERVAL_DAYS`: how old a key gets, 1 to 3650; 90 by default. */
  readonly rotationIntervalDays: number;
}

const MIN_PASSWORD_CHARACTERS = 12;
const TRUE = ['true', '1', 'yes', 'on'];
const FALSE = ['false', '0', 'no', 'off'];

/**
 * Reads the settings from an environment that is passed in. Pure.
 *
 * @throws KeyringError ERR_SETTINGS: all problems at once, each with the setting, what is wanted and how to make one;
 *   never a value
 */
export function encryptionSettings(environment: Readonly<Record<string, string | undefined>>): EncryptionSettings {
  const problems: string[] = [];
  const read = (name: string) => environment[name]?.trim() || undefined;

  const masterPassword = environment.ENCRYPTION_MASTER_PASSWORD ?? '';
  if (masterPassword.length < MIN_PASSWORD_CHARACTERS) {
    const is = masterPassword === '' ? 'is not set' : 'is too short';
    problems.push(
      `ENCRYPTION_MASTER_PASSWORD ${is}: at least ${MIN_PASSWORD_CHARACTERS} characters; make one with: openssl rand -base64 32`,
    );
  }

  const keyPath = read('ENCRYPTION_KEY_PATH') ?? '';
  if (keyPath === '') problems.push('ENCRYPTION_KEY_PATH is not set: a directory that only this user can read');

  const rotation = read('ENCRYPTION_AUTO_ROTATION')?.toLowerCase() ?? 'true';
  if (![...TRUE, ...FALSE].includes(rotation)) problems.push('ENCRYPTION_AUTO_ROTATION must be true or false');

  const days = read('ENCRYPTION_ROTATION_INTERVAL_DAYS') ?? '90';
  const rotationIntervalDays = /^\d{1,4}$/.test(days) ? Number(days) : 0;
  if (rotationIntervalDays < 1 || rotationIntervalDays > 3650) {
    problems.push('ENCRYPTION_ROTATION_INTERVAL_DAYS must be a whole number of days from 1 to 3650');
  }

  if (problems.length > 0) throw new KeyringError('ERR_SETTINGS', problems.join('\n'));
  return { masterPassword, keyPath, autoRotation: TRUE.includes(rotation), rotationIntervalDays };
}
