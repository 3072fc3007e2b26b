import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encryptionSettings } from './encryption-settings.ts';

const good = { ENCRYPTION_MASTER_PASSWORD: 'correct horse battery', ENCRYPTION_KEY_PATH: '/var/lib/app/keys' };

describe('the settings', () => {
  test('have defaults', () =>
    assert.deepEqual(encryptionSettings(good), {
      masterPassword: 'correct horse battery',
      keyPath: '/var/lib/app/keys',
      autoRotation: true,
      rotationIntervalDays: 90,
    }));

  test('are read from what they are given', () => {
    const settings = encryptionSettings({
      ...good,
      ENCRYPTION_AUTO_ROTATION: 'False',
      ENCRYPTION_ROTATION_INTERVAL_DAYS: '30',
    });
    assert.deepEqual([settings.autoRotation, settings.rotationIntervalDays], [false, 30]);
  });

  const cases: { name: string; environment: Record<string, string>; message: RegExp }[] = [
    {
      name: 'a password that is not set',
      environment: { ENCRYPTION_MASTER_PASSWORD: '' },
      message: /PASSWORD is not set.*openssl rand/,
    },
    {
      name: 'a short password',
      environment: { ENCRYPTION_MASTER_PASSWORD: 'hunter2' },
      message: /PASSWORD is too short/,
    },
    { name: 'no path', environment: { ENCRYPTION_KEY_PATH: ' ' }, message: /KEY_PATH is not set/ },
    { name: 'a switch that is neither', environment: { ENCRYPTION_AUTO_ROTATION: 'maybe' }, message: /true or false/ },
    { name: 'no days', environment: { ENCRYPTION_ROTATION_INTERVAL_DAYS: '0' }, message: /from 1 to 3650/ },
    {
      name: 'days that are no number',
      environment: { ENCRYPTION_ROTATION_INTERVAL_DAYS: '9o' },
      message: /from 1 to 3650/,
    },
  ];
  for (const { name, environment, message } of cases) {
    test(`refuse ${name}`, () => {
      assert.throws(() => encryptionSettings({ ...good, ...environment }), { code: 'ERR_SETTINGS', message });
    });
  }

  test('tell all problems at once, and no value', () => {
    const environment = { ENCRYPTION_MASTER_PASSWORD: 'hunter2', ENCRYPTION_ROTATION_INTERVAL_DAYS: '-1' };
    assert.throws(
      () => encryptionSettings(environment),
      (error: Error) => error.message.split('\n').length === 3 && !error.message.includes('hunter2'),
    );
  });
});
