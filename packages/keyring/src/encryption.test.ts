import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { generateKey } from '@bulwark/crypto';
import { tempDir } from '../../../testing/temp-dir.ts';
import { type EncryptionOptions, openEncryption, openEncryptionFrom } from './encryption.ts';
import { encryptionSettings } from './encryption-settings.ts';
import { localRoot } from './root.ts';
import { memoryStore } from './stores/memory.ts';
import type { UsageAlert } from './usage-monitor.ts';

const DAY_MS = 86_400_000;
const cell = { table: 'customer', column: 'email', row: '42' };

function setUp(options: Partial<EncryptionOptions> = {}) {
  const shared = { store: memoryStore(), roots: [localRoot(generateKey())] as const, autoRotation: false };
  return { open: () => openEncryption({ ...shared, ...options }) };
}

describe('an encryption service', () => {
  test('encrypts values, fields and batches by key name', async () => {
    const service = setUp().open();
    await service.createKey('customers');
    const value = await service.encrypt('customers', { plaintext: 'x', context: 'invoice 7' });
    assert.equal((await service.decrypt('customers', { sealed: value, context: 'invoice 7' })).toString(), 'x');

    const text = await service.encryptField('customers', cell, 'ada@example.test');
    assert.match(text, /^bw1:[\w-]+$/);
    assert.equal(await service.decryptField('customers', cell, text), 'ada@example.test');
    await assert.rejects(service.decryptField('customers', { ...cell, row: '43' }, text), { code: 'ERR_OPEN_FAILED' });

    const fields = ['a', 'b', 'c'].map((plaintext) => ({ cell: { ...cell, row: plaintext }, plaintext }));
    const texts = await service.encryptFields('customers', fields);
    const sealed = texts.map((each, i) => ({ cell: fields[i]!.cell, text: each }));
    assert.deepEqual(await service.decryptFields('customers', sealed), ['a', 'b', 'c']);
    const values = await service.encryptAll('customers', [{ plaintext: 'd', context: '1' }]);
    assert.deepEqual((await service.decryptAll('customers', [{ sealed: values[0]!, context: '1' }])).map(String), [
      'd',
    ]);
    assert.deepEqual(await service.listKeys(), ['customers']);
  });

  test('rotates after 90 days or 10,000 uses, by default', async () => {
    const { policy } = await setUp().open().createKey('customers');
    assert.deepEqual(policy, { rotateAfterMs: 90 * DAY_MS, rotateAfterUses: 10_000, expireAfterMs: null });
  });

  test('rotates by itself, and opens what the old version sealed', async () => {
    const clock = { now: 1_795_000_000_000 };
    const { open } = setUp({ autoRotation: true, now: () => clock.now });
    const first = open();
    await first.createKey('customers');
    const text = await first.encryptField('customers', cell, 'x');
    await first.close();
    clock.now += 91 * DAY_MS;
    const second = open();
    await second.close(); // waits for the first round
    const third = open();
    assert.equal((await third.describeKey('customers')).versions.length, 2);
    assert.equal(await third.decryptField('customers', cell, text), 'x');
    await third.close();
  });

  test('tells of unusual use and how much there is', async () => {
    const alerts: UsageAlert[] = [];
    const service = setUp({ onAlert: (alert) => alerts.push(alert) }).open();
    await service.createKey('customers');
    const text = await service.encryptField('customers', cell, 'x');
    for (let i = 0; i < 6; i++) {
      await assert.rejects(service.decryptField('customers', { ...cell, row: String(i) }, text));
    }
    assert.deepEqual(
      alerts.map(({ kind, name }) => [kind, name]),
      [['failures', 'customers']],
    );
    assert.equal(service.usage()[0]?.thisMinute, 1);
  });

  test('opens from settings, and again, and not with another password', async () => {
    await using dir = await tempDir();
    const environment = {
      ENCRYPTION_MASTER_PASSWORD: 'correct horse battery',
      ENCRYPTION_KEY_PATH: path.join(dir.path, 'encryption'),
      ENCRYPTION_ROTATION_INTERVAL_DAYS: '30',
    };
    const settings = encryptionSettings(environment);
    const services = await Promise.all([openEncryptionFrom(settings), openEncryptionFrom(settings)]);
    const { policy } = await services[0].createKey('customers');
    assert.equal(policy.rotateAfterMs, 30 * DAY_MS);
    const text = await services[0].encryptField('customers', cell, 'canary-value');
    assert.equal(await services[1].decryptField('customers', cell, text), 'canary-value');
    await Promise.all(services.map((service) => service.close()));

    for (const entry of await readdir(dir.path, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      assert.equal((await readFile(path.join(entry.parentPath, entry.name))).includes('correct horse'), false);
    }
    await assert.rejects(openEncryptionFrom({ ...settings, masterPassword: 'wrong horse battery' }), {
      code: 'ERR_ROOT_KEY_WRONG',
    });
  });
});
