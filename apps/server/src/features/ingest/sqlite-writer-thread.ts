import { parentPort, workerData } from 'node:worker_threads';
import { openSqlite } from '../../db/node-sqlite.ts';
import { type HotLogMessage, type HotLogReply, NUMBERS_PER_REPORT } from './sqlite-writer.ts';

const db = openSqlite(workerData.file);
// A checkpoint writes each page once, however often it changed since the last: 40 MB of log make it rare.
db.exec('PRAGMA wal_autocheckpoint = 10000; PRAGMA cache_size = -65536');
const insertReport = db.prepare(
  'INSERT INTO hot_report (machine_no, received_at, boot_no, sequence, key_no, counter, body) VALUES (?,?,?,?,?,?,?)',
);
// Key and boot come along until they are durable, so the same row may come twice; another row under its number may not.
const insertKey = db.prepare(
  `INSERT INTO machine_key (machine_no, key_no, created_at, sealed_key) VALUES (?,?,?,?)
   ON CONFLICT (machine_no, key_no) DO UPDATE SET key_no = excluded.key_no
   WHERE machine_key.sealed_key = excluded.sealed_key`,
);
const insertBoot = db.prepare(
  `INSERT INTO machine_boot (machine_no, boot_no, boot_id, first_seen_at) VALUES (?,?,?,?)
   ON CONFLICT (machine_no, boot_no) DO UPDATE SET boot_no = excluded.boot_no
   WHERE machine_boot.boot_id = excluded.boot_id`,
);
const insertDictionary = db.prepare(
  `INSERT INTO series_dictionary (machine_no, hash, key_no, counter, body) VALUES (?,?,?,?,?)
   ON CONFLICT (machine_no, hash) DO NOTHING`,
);

parentPort?.on('message', (message: HotLogMessage | 'close') => {
  if (message === 'close') {
    db.close();
    parentPort?.close();
    return;
  }
  parentPort?.postMessage(commit(message));
});

function commit(message: HotLogMessage): HotLogReply {
  try {
    db.exec('BEGIN IMMEDIATE');
    insert(message);
    db.exec('COMMIT');
    return {};
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function insert({ numbers, bodies, others }: HotLogMessage): void {
  for (const { key, boot, dictionary } of others) {
    if (key) {
      requireWritten(insertKey.run(key.machineNo, key.keyNo, key.createdAt, key.sealedKey).changes);
    }
    if (boot) {
      requireWritten(insertBoot.run(boot.machineNo, boot.bootNo, boot.bootId, boot.firstSeenAt).changes);
    }
    if (dictionary) {
      const { machineNo, hash, keyNo, counter, body } = dictionary;
      insertDictionary.run(machineNo, hash, keyNo, counter, body);
    }
  }
  let bodyAt = 0;
  for (let at = 0; at < numbers.length; at += NUMBERS_PER_REPORT) {
    const [machineNo = 0, receivedAt = 0, bootNo = 0, sequence = 0, keyNo = 0, counter = 0, length = 0] =
      numbers.subarray(at, at + NUMBERS_PER_REPORT);
    const body = bodies.subarray(bodyAt, bodyAt + length);
    bodyAt += length;
    insertReport.run(machineNo, receivedAt, bootNo, sequence, keyNo, counter, body);
  }
}

function requireWritten(changes: number | bigint): void {
  if (Number(changes) !== 1) throw new Error('the number of a key or boot was taken by another server process');
}
