import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type TempDir, tempDir } from '../../../../../testing/temp-dir.ts';
import { waitFor } from '../../../../../testing/wait-for.ts';
import { LEASE_MS } from '../../../testing/fields-club.ts';
import { onTerminal } from '../../../testing/on-terminal.ts';
import { bulwark, type Finished, jsonLines, type Started, startBulwark } from '../../../testing/run-bulwark.ts';
import { EXIT_CODES, type Outcome } from '../../exit-codes.ts';

const PEOPLE = 300;
const CLUB = new URL('../../../testing/fields-club.ts', import.meta.url).href;
const emailOf = (id: number) => `canary${id}@example.test`;

let directory: TempDir;
let db: DatabaseSync;
before(async () => {
  directory = await tempDir();
  await mkdir(at('key-dir/keys'), { recursive: true, mode: 0o700 });
  await writeFile(at('root.key'), `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
  await writeFile(at('bulwark.fields.mjs'), clubModule());
  db = new DatabaseSync(at('club.db'), { timeout: 10_000 });
  db.exec(`PRAGMA journal_mode = WAL;
    CREATE TABLE people (id integer PRIMARY KEY, tenant text NOT NULL, email text, salary real);
    CREATE TABLE notes (id integer PRIMARY KEY, note text)`);
  const insert = db.prepare('INSERT INTO people (id, tenant, email, salary) VALUES (?, ?, ?, ?)');
  for (let id = 1; id <= PEOPLE; id++) insert.run(id, id % 3 ? 'acme' : 'globex', emailOf(id), id * 10);
});
after(async () => {
  db.close();
  await directory.remove();
});

const at = (name: string) => join(directory.path, name);
const clubModule = (options = {}) =>
  `import { club } from '${CLUB}';\nexport default club(${JSON.stringify(directory.path)}, ${JSON.stringify(options)});\n`;
const config = () => ['--config', at('bulwark.fields.mjs')];
/** As quickly as it can. */
const quick = () => [...config(), '--load', '1'];
const start = (...args: string[]) => startBulwark(['fields', ...args]);

async function fields(...args: string[]): Promise<Finished> {
  const finished = await start(...args).finished;
  assert.doesNotMatch(finished.stdout + finished.stderr, /canary/, 'shows a value');
  return finished;
}

async function events(...args: string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await fields(...args, '--json');
  assert.equal(code, 0, stdout + stderr);
  return jsonLines(stdout);
}

const named = (lines: readonly Record<string, unknown>[], name: string) => lines.filter(({ event }) => event === name);
const count = (condition: string) =>
  Number(db.prepare(`SELECT count(*) AS n FROM people WHERE ${condition}`).get()?.n ?? Number.NaN);

async function rotateKey(scope: string): Promise<void> {
  const root = ['--root', 'key-file', '--root-key-file', at('root.key')];
  const where = ['--scope', scope, '--key-dir', at('key-dir')];
  const { code, stderr } = await bulwark(['keys', 'rotate', 'fields', ...where, ...root]);
  assert.equal(code, 0, stderr);
}

describe('a table goes from plain text to encrypted columns, and back:', () => {
  test('plan tells what is missing, and records nothing unasked', async () => {
    const finished = startBulwark(['fields', 'plan', 'people'], {}, '', directory.path).finished;
    const { code, stdout, stderr } = await finished;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^people\.email\n {2}phase {4}none\n {2}holds {4}300 rows, 300 in the plain column\n/);
    assert.match(stdout, /^ {2}missing {2}ALTER TABLE "people" ADD COLUMN "email_sealed" text;$/m);
    assert.match(stdout, /^ {2}next {5}run the statements that are listed as missing$/m);
    const plans = named(await events('plan', ...config()), 'field-plan');
    assert.deepEqual(
      plans.map(({ table, field, phase, rows, plain }) => [table, field, phase, rows, plain]),
      [
        ['people', 'email', null, PEOPLE, PEOPLE],
        ['people', 'salary', null, PEOPLE, PEOPLE],
        ['notes', 'note', null, 0, null],
      ],
    );
    for (const { missing } of plans) for (const statement of missing as string[]) db.exec(statement);
  });

  test('backfill wants it recorded first', async () => {
    const { code, stderr } = await fields('backfill', 'people', ...quick());
    assert.equal(code, EXIT_CODES.configuration.code);
    assert.match(stderr, /^bulwark: no phase is recorded of people\.email: record it with .*plan --record.*\n$/);
    const plans = await events('plan', 'people', '--record', ...config());
    assert.deepEqual(
      plans.map(({ phase, next }) => [phase, next]),
      [
        ['plain', 'backfill'],
        ['plain', 'backfill'],
      ],
    );
  });

  test('backfill --dry-run changes nothing', async () => {
    const { stdout } = await fields('backfill', 'people', '--dry-run', ...quick());
    assert.match(stdout, /^backfill:people {2}300 rows; 300 would be changed; 0 problems; \d+\.\d s\n$/);
    assert.equal(count('email_sealed IS NOT NULL'), 0);
  });

  test('backfill seals one field, then the other', async () => {
    const said = await events('backfill', 'people', '--field', 'email', ...quick());
    assert.deepEqual(
      named(said, 'phase').map(({ field, phase }) => [field, phase]),
      [
        ['email', 'dual-writing'],
        ['email', 'backfilled'],
      ],
    );
    const [job, ...more] = named(said, 'job');
    assert.deepEqual(more, []);
    assert.deepEqual(
      { ...job, seconds: 0 },
      {
        event: 'job',
        job: 'backfill:people',
        done: PEOPLE,
        changed: PEOPLE,
        problemCount: 0,
        seconds: 0,
        isDryRun: false,
      },
    );
    const last = named(said, 'progress').findLast((each) => each.job === 'backfill:people');
    assert.deepEqual(Object.keys(last ?? {}), [
      ...['event', 'job', 'done', 'total', 'changed', 'problems'],
      ...['rowsPerSecond', 'secondsLeft', 'isFinished'],
    ]);
    assert.deepEqual([last?.done, last?.total, last?.isFinished], [PEOPLE, PEOPLE, true]);
    assert.equal(count("email_sealed LIKE 'bw1:%' AND salary_sealed IS NULL"), PEOPLE);
    const { code, stdout, stderr } = await fields('backfill', 'people', ...quick());
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^salary is dual-writing now\.\nsalary is backfilled now\.\nbackfill:people {2}300 rows; /);
  });

  test('verify tells of what has drifted, and exits with 4', async () => {
    db.exec("UPDATE people SET email = 'canary-drifted' WHERE id = 2");
    const { code, stdout, stderr } = await fields('verify', 'people', ...quick());
    assert.equal(code, EXIT_CODES.checksFailed.code);
    assert.equal(
      stderr,
      'bulwark: verify:people: email of {"id":2}: the plain column holds something else (ERR_DRIFT)\n',
    );
    assert.match(
      stdout,
      /^verify:people {2}300 rows; values: 600 sealed, 0 to be .*, 0 empty; 1 problem; \d+\.\d s\n$/,
    );
    const json = jsonLines((await fields('verify', 'people', '--json', ...quick())).stdout);
    assert.deepEqual(named(json, 'problem'), [
      { event: 'problem', job: 'verify:people', id: { id: 2 }, field: 'email', code: 'ERR_DRIFT' },
    ]);
    const counts = { sealed: 2 * PEOPLE, stale: 0, legacy: 0, empty: 0 };
    assert.deepEqual(
      named(json, 'job').map((job) => [job.problemCount, job.counts]),
      [[1, counts]],
    );
    const onward = await fields('backfill', 'people', '--to', 'encrypted-only', '--json', ...quick());
    assert.equal(onward.code, EXIT_CODES.checksFailed.code);
    const error = jsonLines(onward.stdout).at(-1);
    assert.deepEqual([error?.event, error?.outcome, error?.code], ['error', 'checksFailed', 'ERR_VERIFY_FAILED']);
    db.prepare('UPDATE people SET email = ? WHERE id = 2').run(emailOf(2));
    assert.equal((await fields('verify', 'people', ...quick())).code, 0);
  });

  test('backfill --to plain-dropped empties the plain columns', async () => {
    const said = await events('backfill', 'people', '--to', 'plain-dropped', ...quick());
    assert.deepEqual(
      named(said, 'job').map(({ job }) => job),
      ['clear-plain:people'],
    );
    assert.equal(count('email IS NULL AND salary IS NULL AND email_sealed IS NOT NULL'), PEOPLE);
  });
});

describe('reencrypt after a rotation', () => {
  const slowly = () => ['reencrypt', 'people', ...config(), '--load', '1', '--rows-per-second', '150', '--json'];
  const stale = async () => {
    const [job] = named(await events('verify', 'people', ...quick()), 'job');
    return (job?.counts as { stale: number } | undefined)?.stale;
  };

  /** Starts the job, and waits until it is in the middle. */
  async function halfway(): Promise<Started> {
    const started = start(...slowly());
    const job = "SELECT 1 FROM bulwark_field_job WHERE id = 'reencrypt:people' AND done > 0 AND finished_at IS NULL";
    const isThere = waitFor('rows to be done', () => db.prepare(job).get() !== undefined, { timeoutMs: 20_000 });
    await Promise.race([isThere, started.finished.then(({ stdout }) => assert.fail(`ended: ${stdout}`))]);
    return started;
  }

  async function goOn(): Promise<void> {
    const said = await events('reencrypt', 'people', ...quick());
    const [first] = named(said, 'progress');
    assert.ok(Number(first?.done) > 0, 'it began again');
    assert.equal(named(said, 'job')[0]?.done, PEOPLE);
    assert.equal(await stale(), 0);
  }

  test('seals anew what a scope has, and nothing twice', async () => {
    await rotateKey('acme');
    await rotateKey('globex');
    assert.equal(await stale(), 2 * PEOPLE);
    const changed = async (...args: string[]) =>
      named(await events('reencrypt', 'people', ...args, ...quick()), 'job').map((job) => job.changed);
    assert.deepEqual(await changed('--scope', 'globex', '--dry-run'), [PEOPLE / 3]);
    assert.deepEqual(await changed('--scope', 'globex'), [PEOPLE / 3]);
    assert.deepEqual(await changed(), [PEOPLE - PEOPLE / 3]);
    assert.deepEqual(await changed(), [0]);
  });

  test('goes on where it was killed, once that is certain', async () => {
    await rotateKey('acme');
    const { process: child, finished } = await halfway();
    child.kill('SIGKILL');
    await finished;
    await sleep(LEASE_MS);
    await goOn();
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`stops at ${signal}, says how to go on, and goes on`, async () => {
      await rotateKey('acme');
      const { process: child, finished } = await halfway();
      child.kill(signal);
      const { code, stdout } = await finished;
      assert.equal(code, EXIT_CODES.interrupted.code);
      const message = 'stopped; running it again goes on from there';
      assert.deepEqual(jsonLines(stdout).at(-1), { event: 'error', outcome: 'interrupted', message });
      await goOn();
    });
  }

  test('is done by one process at a time', async () => {
    await rotateKey('acme');
    const { process: child, finished } = await halfway();
    const { code, stderr } = await fields('reencrypt', 'people', ...quick());
    child.kill('SIGTERM');
    await finished;
    assert.equal(code, EXIT_CODES.busy.code);
    assert.match(stderr, /^bulwark: another process works on reencrypt:people: wait until it is done/);
    await goOn();
  });

  test('tells of what does not open, and does the rest', async () => {
    await rotateKey('acme');
    db.exec('UPDATE people SET email_sealed = (SELECT email_sealed FROM people WHERE id = 5) WHERE id = 4');
    const { code, stdout, stderr } = await fields('reencrypt', 'people', ...quick());
    assert.equal(code, EXIT_CODES.checksFailed.code);
    assert.match(stderr, /^bulwark: reencrypt:people: email of \{"id":4\}: it was altered .* \(ERR_OPEN_FAILED\)\n$/);
    assert.match(stdout, /200 changed; 1 problem; /);
    db.exec('DELETE FROM people WHERE id = 4');
  });

  test('says that the keys cannot be had, and how to go on', async () => {
    await writeFile(at('away.mjs'), clubModule({ keysInDatabase: true }));
    const { code, stderr } = await fields('reencrypt', 'people', '--config', at('away.mjs'));
    assert.equal(code, EXIT_CODES.failed.code);
    assert.match(
      stderr,
      /^bulwark: the key store does not answer; once it does, running it again goes on from there\n$/,
    );
  });
});

test('the blind indexes of a scope get a new key', async () => {
  const indexOf = () => db.prepare('SELECT email_sealed_index AS i FROM people WHERE id = 1').get()?.i;
  const before = indexOf();
  const refused = await fields('rotate-index', 'acme', ...quick());
  assert.equal(refused.code, EXIT_CODES.configuration.code);
  assert.match(refused.stderr, /needs the column email_sealed_index_next on table people/);
  db.exec(`ALTER TABLE people ADD COLUMN email_sealed_index_next text;
    CREATE UNIQUE INDEX people_next ON people (email_sealed_index_next)`);
  const said = await events('rotate-index', 'acme', ...quick());
  const jobs = named(said, 'job').map(({ job }) => job);
  for (const job of ['fill-next-index:people:acme', 'copy-index:people:acme']) assert.ok(jobs.includes(job), job);
  assert.notEqual(indexOf(), before);
  assert.equal((await fields('verify', 'people', ...quick())).code, 0);
});

test('a terminal shows how far it is', async () => {
  const { finished } = onTerminal(['fields', 'verify', 'people', ...quick()]);
  const { code, shown } = await finished;
  assert.equal(code, 0, shown);
  assert.match(shown, / {2}0 % {2}░{24} {2}0 of 299 /);
  assert.ok(shown.includes('\x1b[Kverify:people  299 rows; '));
});

test('rollback writes plain text again, for who names the table twice', async () => {
  for (const confirm of [[], ['--confirm', 'notes']]) {
    const { code, stderr } = await fields('rollback', 'people', ...confirm, ...quick());
    assert.equal(code, EXIT_CODES.usage.code);
    assert.match(stderr, /writes plain text again; to confirm, name the table once more/);
  }
  const said = await events('rollback', 'people', '--confirm', 'people', ...quick());
  assert.deepEqual(
    named(said, 'job').map(({ job }) => job),
    ['restore-plain:people', 'clear-sealed:people'],
  );
  assert.equal(count('email_sealed IS NULL AND salary_sealed IS NULL AND email_sealed_index IS NULL'), PEOPLE - 1);
  const rows = db.prepare('SELECT id, email, salary FROM people').all();
  for (const { id, email, salary } of rows) assert.deepEqual([email, salary], [emailOf(Number(id)), Number(id) * 10]);
});

describe('is refused:', () => {
  const cases: { name: string; args: () => string[]; module?: string; outcome: Outcome; says: RegExp }[] = [
    {
      name: 'a module that is not there',
      args: () => ['plan', '--config', at('nowhere.ts')],
      outcome: 'configuration',
      says: /nowhere\.ts does not exist/,
    },
    {
      name: 'no module here',
      args: () => ['plan'],
      outcome: 'usage',
      says: /there is no bulwark\.fields\.ts, .*name the module: --config FILE/,
    },
    {
      name: 'a module that exports something else',
      module: 'export default { database: () => {}, keys: () => {}, tables: [] };',
      args: () => ['plan', '--config', at('given.mjs')],
      outcome: 'configuration',
      says: /given\.mjs must have as its default export what defineFields\(\{ database, tables, keys \}\) of @bulwark\/fields\/jobs makes/,
    },
    {
      name: 'a module that fails',
      module: "throw new Error('no such setting');",
      args: () => ['plan', '--config', at('given.mjs')],
      outcome: 'configuration',
      says: /given\.mjs cannot be loaded: no such setting/,
    },
    {
      name: 'a setup without keys',
      module: `import { defineFields } from '${import.meta.resolve('@bulwark/fields/jobs')}'; export default defineFields({ database: () => {}, tables: [] });`,
      args: () => ['plan', '--config', at('given.mjs')],
      outcome: 'configuration',
      says: /cannot be loaded: defineFields: keys must be a function/,
    },
    {
      name: 'a table that is not declared',
      args: () => ['verify', 'persons', ...config()],
      outcome: 'usage',
      says: /no table persons is declared; there are people, notes/,
    },
    {
      name: 'a field that is not declared',
      args: () => ['backfill', 'people', '--field', 'phone', ...config()],
      outcome: 'usage',
      says: /people has no field phone/,
    },
    {
      name: 'a field that holds no plain text',
      args: () => ['backfill', 'notes', '--field', 'note', ...config()],
      outcome: 'configuration',
      says: /notes\.note has no plainColumn .* nothing to migrate/,
    },
    {
      name: 'a scope of a table that has none',
      args: () => ['reencrypt', 'notes', '--scope', 'acme', ...config()],
      outcome: 'usage',
      says: /no column of notes names a scope/,
    },
    {
      name: 'a scope that nobody has',
      args: () => ['rotate-index', 'nobody', ...config()],
      outcome: 'failed',
      says: /there is no key nobody\/index/,
    },
    {
      name: 'no load at all',
      args: () => ['verify', 'people', '--load', '0', ...config()],
      outcome: 'usage',
      says: /--load.* must be above 0, and 1 at most/,
    },
  ];
  for (const { name, args, module, outcome, says } of cases) {
    test(name, async () => {
      if (module !== undefined) await writeFile(at('given.mjs'), module);
      const { code, stdout, stderr } = await fields(...args());
      assert.equal(code, EXIT_CODES[outcome].code, stderr);
      assert.match(stderr, says);
      assert.equal(stdout, '');
    });
  }
});
