import { readFileSync } from 'node:fs';
import { localRoot, openKeys } from '@bulwark/keyring';
import { sqlStore } from '@bulwark/keyring/sql';
import { Kysely } from 'kysely';
import { kyselyDialect } from '../../../testing/kysely-dialect.ts';
import { openFields } from '../src/fields.ts';
import { fieldJobs, watchFieldStates } from '../src/jobs/jobs.ts';
import type { AnyDatabase } from '../src/jobs/sql-engine.ts';
import { LEASE_MS, members } from './reencrypt-scenario.ts';

/* The process that is killed: re-encrypts the table of the scenario, and prints how far it has come. */
const [url, rootFile] = process.argv.slice(2);
const db: AnyDatabase = new Kysely({ dialect: kyselyDialect(url!) });
const keys = openKeys({ store: sqlStore(db), roots: [localRoot(readFileSync(rootFile!))] });
const states = await watchFieldStates(db, { keys });
const fields = openFields({ keys, tables: [members], states });
await fieldJobs(db, fields, states).reencrypt(members, {
  load: 1,
  leaseMs: LEASE_MS,
  onProgress: ({ done, changed, rowsPerSecond }) => console.log(JSON.stringify({ done, changed, rowsPerSecond })),
});
// resourceUsage counts in KiB.
console.log(JSON.stringify({ peakMemory: Math.round(process.resourceUsage().maxRSS / 1024) }));
states.close();
await keys.close();
await db.destroy();
