import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keysFixture } from '../testing/keys-fixture.ts';

const COLUMN = { table: 'person', column: 'email', name: 'equality', normaliser: 'email' } as const;
const id = { scope: 'acme', name: 'index' };

test('a blind index is given under each version that is not given up, one that is to come included', async () => {
  const { keys, clock } = keysFixture();
  await keys.create(id, { kind: 'index' });
  await keys.warm([id]);
  const states = () => keys.blindIndexVersionsSync(id, COLUMN, 'a@example.test').map(({ state }) => state);
  assert.deepEqual(states(), ['active']);

  const version = await keys.rotate(id, { activatesAt: clock.now + 1e9 });
  assert.deepEqual(states(), ['active', 'pre-active']);
  const [first, second] = keys.blindIndexVersionsSync(id, COLUMN, 'A@example.test ');
  assert.deepEqual(first!.index, keys.blindIndexSync(id, COLUMN, 'a@example.test'));
  assert.notDeepEqual(first!.index, second!.index);

  await keys.activate(id, version);
  assert.deepEqual(second!.index, keys.blindIndexSync(id, COLUMN, 'a@example.test'));
  await keys.setLowestVersions(id, { decrypt: version });
  assert.deepEqual(
    keys.blindIndexVersionsSync(id, COLUMN, 'a@example.test').map((known) => known.version),
    [version],
  );
  await keys.close();
});
