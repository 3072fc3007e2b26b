import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProtectionLayer } from '@bulwark/protocol';
import { startScreen } from './start-screen.ts';

const layer = (id: ProtectionLayer['id'], name: string, state: ProtectionLayer['state']): ProtectionLayer => ({
  id,
  name,
  state,
  detail: `${name} detail`,
});
const facts = {
  url: 'https://localhost:8768',
  dataDir: '/data',
  layers: [layer('files', 'Files', 'on'), layer('transport', 'Transport', 'weak'), layer('access', 'Access', 'off')],
  setupUrl: 'https://localhost:8768/setup#abc',
  caFile: undefined,
};

test('the screen shows every layer, and warns of each that is not on', () => {
  const screen = startScreen(facts);
  assert.match(screen, / {2}on {4}Files {6}Files detail\n {2}weak {2}Transport\n {2}off {3}Access/);
  assert.deepEqual(screen.match(/^Warning: .*$/gm), [
    'Warning: Transport is weak: Transport detail',
    'Warning: Access is off: Access detail',
  ]);
  assert.equal(screen.match(/Transport detail/g)?.length, 1, 'says the reason once');
});

test('the screen shows the set-up link while there is one', () => {
  assert.match(startScreen(facts), /works once:\n {2}https:\/\/localhost:8768\/setup#abc\n/);
  assert.doesNotMatch(startScreen({ ...facts, setupUrl: undefined }), /administrator/);
});
