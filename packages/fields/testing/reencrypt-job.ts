import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { localRoot, openKeys } from '@bulwark/keyring';
import { sqlStore } from '@bulwark/keyring/sql';
import { Kysely } from 'kysely';
import { kyselyDialect } from '../../../testing/kysely-dialect.ts';
import { openFields } from '../src/fields.ts';
import { fieldJobs, watchFieldStates } from '../src/jobs/jobs.ts';
import type { AnyDatabase } from '../src/jobs/sql-engine.ts';
import { LEASE_MS, members } from './reencrypt-scenario.ts';

/* The process that is killed, at some moment after it has done so many rows: re-encrypts the table of the scenario. */
const [url, rootFile, killAt] = process.argv.slice(2);

// Another thread, so that it strikes in the middle of whatever is going on: node:sqlite gives this one no time to.
const killer = new Worker(
  `const { parentPort } = require('node:worker_threads');
   parentPort.on('message', () => {
     Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.random() * 15);
     process.kill(process.pid, 'SIGKILL');
   });`,
  { eval: true },
);
killer.unref();

const db: AnyDatabase = new Kysely({ dialect: kyselyDialect(url!) });
const keys = openKeys({ store: sqlStore(db), roots: [localRoot(readFileSync(rootFile!))] });
const states = await watchFieldStates(db, { keys });
const fields = openFields({ keys, tables: [members], states });
await fieldJobs(db, fields, states).reencrypt(members, {
  load: 1,
  leaseMs: LEASE_MS,
  onProgress: ({ done }) => done >= Number(killAt) && killer.postMessage('now'),
});
// resourceUsage counts in KiB.
console.log(JSON.stringify({ peakMemory: Math.round(process.resourceUsage().maxRSS / 1024) }));
states.close();
await keys.close();
await db.destroy();
