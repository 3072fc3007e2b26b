import { test } from 'node:test';
import { forEachDatabase } from '../../../../testing/databases.ts';
import { reencryptUnderFire } from '../../testing/reencrypt-scenario.ts';

// `npm run bench -- reencrypt` runs the same with a million rows.
const ROWS = 40_000;
const KILLS = 10;

forEachDatabase('re-encryption', (openUrl) => {
  test(`of ${ROWS} rows is right after ${KILLS} kills and concurrent writes`, async () => {
    const result = await reencryptUnderFire(await openUrl(), ROWS, KILLS);
    console.log(JSON.stringify(result));
  });
});
