import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKey } from '@bulwark/crypto';
import { localRoot, memoryStore, openKeys } from '@bulwark/keyring';
import { openMembers, sealMembers } from './members.ts';

const keys = openKeys({ store: memoryStore(), roots: [localRoot(generateKey())] });
const id = { scope: 'acme', name: 'settings' };
await keys.create(id);
const options = { keys, id, paths: ['token', 'cards.*.number', 'absent.path'], context: 'settings:7' };
const settings = {
  token: { nested: [1, null] },
  theme: 'dark',
  cards: [{ number: '4242', kind: 'visa' }, { kind: 'x' }],
};

test('named members of a dictionary are sealed, the rest is left as it is', async () => {
  const sealed = await sealMembers(settings, options);
  assert.match(String(sealed.token), /^bw1:/);
  assert.match(String(sealed.cards[0]!.number), /^bw1:/);
  assert.equal(sealed.theme, 'dark');
  assert.ok(!JSON.stringify(sealed).includes('4242'));
  assert.deepEqual(await openMembers(sealed, options), settings);
  assert.deepEqual(settings.cards[0], { number: '4242', kind: 'visa' }, 'the original is untouched');
});

test('members open in their own place only', async () => {
  const sealed = await sealMembers(settings, options);
  const refused = (value: object, own = options, code = 'ERR_OPEN_FAILED') =>
    assert.rejects(openMembers(value, own), { name: 'FieldsError', code });
  await refused({ ...sealed, token: sealed.cards[0]!.number });
  await refused(sealed, { ...options, context: 'settings:8' });
  await refused({ ...sealed, token: `${String(sealed.token)}A` });
  await refused({ ...sealed, token: 'plain' }, options, 'ERR_NOT_SEALED');
  await assert.rejects(sealMembers(settings, { ...options, paths: ['__proto__.x'] }), { code: 'ERR_DECLARATION' });
  await assert.rejects(sealMembers({ token: 1n }, options), { code: 'ERR_VALUE_TYPE' });
});
