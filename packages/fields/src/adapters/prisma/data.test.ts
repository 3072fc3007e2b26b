import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldsFixture } from '../../../testing/fields-fixture.ts';
import { json } from '../../field.ts';
import { encrypted } from '../../table.ts';
import { sealNewRow } from './data.ts';
import { readModels } from './models.ts';

test('a plain JSON column holds text as it was given, while it is being migrated', async () => {
  const things = encrypted('things', {
    settings: json(undefined, { column: 'settings_sealed', plainColumn: 'settings' }),
  });
  const { fields } = fieldsFixture({
    tables: [things],
    scope: 'acme',
    states: { phase: () => 'dual-writing', isIndexRotating: () => false },
  });
  const scalar = (name: string, type: string) => ({ name, kind: 'scalar', type });
  const columns = [scalar('id', 'String'), scalar('settings', 'Json'), scalar('settings_sealed', 'String')];
  const client = { _runtimeDataModel: { models: { Thing: { dbName: 'things', fields: columns } } } };
  const model = readModels(client, fields, { Thing: things }).get('Thing')!;
  for (const settings of ['some words', '5', { a: 1 }]) {
    const stored = await sealNewRow(fields, model, { id: 'a', settings });
    assert.deepEqual(stored.settings, settings);
    assert.match(String(stored.settings_sealed), /^bw1:/);
  }
});
