import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { PasswordParameters } from '@bulwark/crypto';
import { localRoot, memoryStore, openKeys, tenantKeyring } from '@bulwark/keyring';
import type { InjectOptions } from 'fastify';
import { pino } from 'pino';
import { z } from 'zod';
import { forEachDatabase } from '../../../../../testing/databases.ts';
import { openDatabase } from '../../db/open.ts';
import type { Database } from '../../db/schema.ts';
import { createApp } from '../../http/create-app.ts';
import { createAccounts } from './accounts.ts';

const ORIGIN = 'https://fleet.example';
const NAME = 'Ada.Lovelace';
const PASSWORD = 'analytical steam engine';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

// What hashing costs is of no matter to most tests, and they are many.
const CHEAP = { memoryKiB: 1024, passes: 1, parallelism: 1 };

const keys = memoryStore();

interface ServerOptions {
  signInPerMinute?: number;
  /** Of a server that this one is to stand beside. */
  tenantId?: string;
  /** 'real' for that of production. */
  passwordCost?: PasswordParameters | 'real';
}

/** A server of a tenant of its own, with one route of data. */
async function startServer(
  db: Database,
  { signInPerMinute = 5, tenantId = randomUUID(), passwordCost = CHEAP }: ServerOptions = {},
) {
  const clock = { now: Date.now() };
  const now = () => clock.now;
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) });
  await db
    .insertInto('tenant')
    .values({ id: tenantId, slug: tenantId, created_at: now() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  // On the real clock: the tests move theirs by days, and keys are read again long before that.
  const keyring = tenantKeyring(openKeys({ roots: [localRoot(Buffer.alloc(32, 7))], store: keys }));
  const [fields, index] = await Promise.all([keyring.fields(tenantId), keyring.index(tenantId)]);
  const config = { idleMinutes: 480, absoluteHours: 24, signInPerMinute };
  const accounts = await createAccounts({
    db,
    tenantId,
    fields,
    index,
    publicUrl: ORIGIN,
    now,
    log,
    config,
    ...(passwordCost === 'real' ? {} : { passwordCost }),
  });

  const app = await createApp({ log, publicOrigins: [ORIGIN], sessions: accounts.sessions });
  await app.register(accounts.routes, { prefix: '/api' });
  const data = {
    config: { access: 'session', limit: { max: 1000, windowSeconds: 60 } },
    schema: { response: { 200: z.object({ name: z.string() }) } },
  } as const;
  app.get('/api/data', data, async (request) => ({ name: request.session.user.username }));
  app.post('/api/data', data, async () => ({ name: 'written' }));

  const logged = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    app,
    accounts,
    clock,
    tenantId,
    lines,
    events: (event: string) => logged().filter((line) => line.event === event),
  };
}
type Server = Awaited<ReturnType<typeof startServer>>;

/** A server whose administrator the configuration has made. */
async function startWithUser(db: Database, options?: ServerOptions): Promise<Server> {
  const server = await startServer(db, options);
  await server.accounts.ensureConfiguredUser(NAME, PASSWORD);
  return server;
}

let networks = 0;
/** An address of a network that no test used before. */
function newAddress(): string {
  networks++;
  return `10.${networks >> 8}.${networks & 255}.1`;
}

const send = ({ app }: Server, url: string, payload: object, more: InjectOptions = {}) =>
  app.inject({ method: 'POST', url, headers: { origin: ORIGIN }, remoteAddress: newAddress(), payload, ...more });
const signIn = (server: Server, credentials: object = {}, more?: InjectOptions) =>
  send(server, '/api/session', { username: NAME, password: PASSWORD, ...credentials }, more);
const setUp = (server: Server, request: object) =>
  send(server, '/api/setup', { username: NAME, password: PASSWORD, ...request });
const tokenOf = (url: string | undefined) => url?.split('#')[1] ?? '';

type Answer = Awaited<ReturnType<typeof signIn>>;
/** What a page sends once it is signed in. */
const pageHeaders = (answer: Answer) => ({
  origin: ORIGIN,
  cookie: `__Host-bulwark=${answer.cookies[0]?.value}`,
  'x-bulwark-csrf': answer.json().csrfToken as string,
});
const readData = ({ app }: Server, cookie: string) => app.inject({ url: '/api/data', headers: { cookie } });

forEachDatabase('accounts', (openUrl) => {
  let db: Database;
  before(async () => {
    db = await openDatabase(await openUrl());
  });
  after(() => db.destroy());

  describe('set-up', () => {
    test('is needed until the first administrator is made, who is signed in at once', async () => {
      const server = await startServer(db);
      const isNeeded = async () => (await server.app.inject('/api/setup')).json();
      assert.deepEqual(await isNeeded(), { needed: true });
      const url = server.accounts.setupUrl();
      assert.match(url ?? '', /^https:\/\/fleet\.example\/setup#[\w-]{43}$/);

      const answer = await setUp(server, { token: tokenOf(url) });
      assert.equal(answer.statusCode, 200, answer.body);
      assert.deepEqual(Object.keys(answer.json()), ['user', 'csrfToken', 'expiresAt']);
      assert.equal(answer.json().user.username, NAME);
      assert.equal(answer.json().user.role, 'administrator');
      assert.equal((await readData(server, pageHeaders(answer).cookie)).json().name, NAME);
      assert.deepEqual(await isNeeded(), { needed: false });
      assert.equal(server.accounts.setupUrl(), undefined);
    });

    const refused = [
      { name: 'a wrong token', change: { token: 'A'.repeat(43) }, status: 403, code: 'ERR_SETUP_TOKEN' },
      { name: 'a short token', change: { token: 'A' }, status: 403, code: 'ERR_SETUP_TOKEN' },
      { name: 'no token', change: { token: undefined }, status: 400, code: 'ERR_INPUT' },
      { name: 'a common password', change: { password: 'Password1234!' }, status: 400, code: 'ERR_PASSWORD_WEAK' },
      { name: 'a short password', change: { password: 'kumquat7' }, status: 400, code: 'ERR_INPUT' },
      { name: 'a role of one’s own choice', change: { role: 'administrator' }, status: 400, code: 'ERR_INPUT' },
      { name: 'a name with markup', change: { username: '<b>ada</b>' }, status: 400, code: 'ERR_INPUT' },
    ];
    for (const { name, change, status, code } of refused) {
      test(`refuses ${name}, and the link stays good`, async () => {
        const server = await startServer(db);
        const token = tokenOf(server.accounts.setupUrl());
        const answer = await setUp(server, { token, ...change });
        assert.equal(answer.statusCode, status);
        assert.equal(answer.json().error.code, code);
        assert.equal(answer.cookies.length, 0);
        assert.equal((await setUp(server, { token })).statusCode, 200);
      });
    }

    test('happens once', async () => {
      const server = await startServer(db);
      const token = tokenOf(server.accounts.setupUrl());
      await setUp(server, { token });
      const again = await setUp(server, { token, username: 'eve' });
      assert.equal(again.json().error.code, 'ERR_SETUP_DONE');
    });

    test('has one link as long as the server runs, and another at its next start', async () => {
      const server = await startServer(db);
      const url = server.accounts.setupUrl();
      assert.equal(server.accounts.setupUrl(), url);
      const restarted = await startServer(db, { tenantId: server.tenantId });
      assert.notEqual(restarted.accounts.setupUrl(), url);
      assert.equal((await setUp(restarted, { token: tokenOf(url) })).json().error.code, 'ERR_SETUP_TOKEN');
    });

    test('of several at once, on two servers of one database, one wins', async () => {
      const first = await startServer(db);
      const second = await startServer(db, { tenantId: first.tenantId });
      const attempts = [first, second, first, second].map((server, at) => ({ server, at }));
      const tokens = new Map([first, second].map((server) => [server, tokenOf(server.accounts.setupUrl())]));
      const answers = await Promise.all(
        attempts.map(({ server, at }) => setUp(server, { token: tokens.get(server), username: `ada${at}` })),
      );
      assert.deepEqual(answers.map(({ statusCode }) => statusCode).sort(), [200, 409, 409, 409]);
      const users = await db.selectFrom('user').select('id').where('tenant_id', '=', first.tenantId).execute();
      assert.equal(users.length, 1);
    });

    test('by configuration leaves no link, and happens once', async () => {
      const server = await startWithUser(db);
      assert.equal(server.accounts.setupUrl(), undefined);
      await server.accounts.ensureConfiguredUser('eve', PASSWORD);
      assert.equal((await signIn(server)).statusCode, 200);
      assert.equal((await signIn(server, { username: 'eve' })).statusCode, 401);
      assert.equal(server.events('setup.weak_password').length, 0);
    });

    test('by configuration takes a weak password, with a warning that does not hold it', async () => {
      const server = await startServer(db);
      await server.accounts.ensureConfiguredUser('admin', 'changeme');
      assert.equal(server.events('setup.weak_password').length, 1);
      assert.doesNotMatch(server.lines.join(), /changeme/);
    });
  });

  describe('sign-in', () => {
    test('sets a cookie that scripts, other hosts and other sites cannot use', async () => {
      const answer = await signIn(await startWithUser(db));
      assert.match(
        String(answer.headers['set-cookie']),
        /^__Host-bulwark=[\w-]{43}; Max-Age=86400; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
      );
      assert.doesNotMatch(answer.body, new RegExp(String(answer.cookies[0]?.value)));
    });

    for (const username of ['ada.lovelace', 'ADA.LOVELACE', '  Ada.Lovelace ', 'Ａｄａ.Lovelace']) {
      test(`knows the name ${JSON.stringify(username)}`, async () => {
        assert.equal((await signIn(await startWithUser(db), { username })).statusCode, 200);
      });
    }

    test('answers alike, in body and time, whatever is wrong', async () => {
      const server = await startWithUser(db, { signInPerMinute: 100, passwordCost: 'real' });
      const timed = async (credentials: object) => {
        const start = performance.now();
        const { statusCode, body, headers } = await signIn(server, credentials);
        return { ms: performance.now() - start, answer: { statusCode, body, cookie: headers['set-cookie'] } };
      };
      const known = { password: 'wrong password' };
      const unknown = { username: 'nobody' };
      const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
      const { answer } = await timed(known);
      assert.deepEqual(JSON.parse(answer.body), {
        error: { code: 'ERR_SIGN_IN', message: 'Wrong name or password.' },
      });
      for (let round = 0; round < 3; round++) {
        for (const [who, credentials] of Object.entries({ known, unknown })) {
          const attempt = await timed(credentials);
          assert.deepEqual(attempt.answer, answer);
          times[who as keyof typeof times].push(attempt.ms);
        }
      }
      const fastest = { known: Math.min(...times.known), unknown: Math.min(...times.unknown) };
      // Without the hash for nobody, the unknown name would take a hundredth of the time.
      assert.ok(fastest.unknown > fastest.known / 2 && fastest.unknown < fastest.known * 2, JSON.stringify(fastest));
    });

    const oddInputs = [
      { name: 'a lone surrogate in the name', credentials: { username: '\ud800' }, status: 401 },
      { name: 'a lone surrogate in the password', credentials: { password: '\ud800' }, status: 401 },
      { name: 'a NUL in the name', credentials: { username: 'ada\u0000' }, status: 401 },
      { name: 'SQL in the name', credentials: { username: "' or 1=1 --" }, status: 401 },
      { name: 'no password', credentials: { password: '' }, status: 400 },
      { name: 'a password of 1 MB', credentials: { password: 'x'.repeat(1_000_000) }, status: 413 },
      { name: 'a list of names', credentials: { username: [NAME] }, status: 400 },
      { name: 'a user id of one’s own choice', credentials: { userId: randomUUID() }, status: 400 },
    ];
    for (const { name, credentials, status } of oddInputs) {
      test(`is not had by ${name}`, async () => {
        assert.equal((await signIn(await startWithUser(db), credentials)).statusCode, status);
      });
    }

    test('tries a password at most 5 times a minute from one address, of 50 at once', async () => {
      const server = await startWithUser(db);
      const remoteAddress = newAddress();
      const attempts = Array.from({ length: 50 }, (_, at) =>
        signIn(server, { username: `user${at}`, password: 'wrong password' }, { remoteAddress }),
      );
      const statuses = (await Promise.all(attempts)).map(({ statusCode }) => statusCode);
      assert.equal(statuses.filter((status) => status === 401).length, 5);
      assert.equal(statuses.filter((status) => status === 429).length, 45);
      assert.equal(server.events('sign_in.failed').length, 5);
    });

    test('tries a password at most 5 times a minute on one account, of 50 at once from 50 networks', async () => {
      const server = await startWithUser(db);
      const spellings = [NAME, NAME.toUpperCase(), ` ${NAME}`];
      const attempts = Array.from({ length: 50 }, (_, at) =>
        signIn(server, { username: spellings[at % 3], password: 'wrong password' }),
      );
      const answers = await Promise.all(attempts);
      assert.equal(answers.filter(({ statusCode }) => statusCode === 401).length, 5);
      const limited = answers.filter(({ statusCode }) => statusCode === 429);
      assert.equal(limited.length, 45);
      assert.match(String(limited[0]?.headers['retry-after']), /^\d+$/);
      assert.equal((await signIn(server)).statusCode, 429, 'the right password does not get past the limit');
    });

    test('cannot be multiplied by a forged X-Forwarded-For', async () => {
      const server = await startWithUser(db);
      const remoteAddress = newAddress();
      const statuses: number[] = [];
      for (let at = 0; at < 6; at++) {
        const headers = { origin: ORIGIN, 'x-forwarded-for': `198.51.${at}.1`, forwarded: `for=198.51.${at}.1` };
        const credentials = { username: `user${at}`, password: '\ud800' };
        statuses.push((await signIn(server, credentials, { remoteAddress, headers })).statusCode);
      }
      assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429]);
    });

    test('answers 503 to a burst instead of running out of memory', async () => {
      const passwordCost = { memoryKiB: 32_768, passes: 2, parallelism: 1 };
      const server = await startWithUser(db, { signInPerMinute: 100, passwordCost });
      const attempts = Array.from({ length: 50 }, (_, at) => signIn(server, { username: `user${at}` }));
      const answers = await Promise.all(attempts);
      const busy = answers.filter(({ statusCode }) => statusCode === 503);
      assert.ok(busy.length > 0);
      assert.equal(answers.filter(({ statusCode }) => statusCode === 401).length, 50 - busy.length);
      assert.equal(busy[0]?.json().error.code, 'ERR_BUSY');
      assert.equal(busy[0]?.headers['retry-after'], '2');
      assert.equal((await signIn(server)).statusCode, 200);
    });

    test('leaves one line a failure, with neither name nor password', async () => {
      const server = await startWithUser(db);
      const remoteAddress = newAddress();
      await signIn(server, { password: 'wrong but secret' }, { remoteAddress });
      await signIn(server);
      const [failure] = server.events('sign_in.failed');
      assert.equal(failure?.address, remoteAddress);
      assert.match(String(failure?.account), /^[0-9a-f]{8}$/);
      assert.equal(server.events('sign_in.succeeded').length, 1);
      assert.doesNotMatch(server.lines.join(), /wrong but secret|steam engine|lovelace|bulwark=/i);
    });

    test('renews a hash of another cost', async () => {
      const old = await startWithUser(db);
      const renewed = await startServer(db, { tenantId: old.tenantId, passwordCost: { ...CHEAP, passes: 2 } });
      const hash = async () => {
        const query = db.selectFrom('user').select('password_hash').where('tenant_id', '=', old.tenantId);
        return (await query.executeTakeFirstOrThrow()).password_hash;
      };
      assert.match(await hash(), /m=1024,t=1,p=1/);
      assert.equal((await signIn(renewed)).statusCode, 200);
      assert.match(await hash(), /m=1024,t=2,p=1/);
    });

    test('ends the session that the browser had before, under another token', async () => {
      const server = await startWithUser(db);
      const first = await signIn(server);
      const second = await signIn(server, {}, { headers: pageHeaders(first) });
      assert.notEqual(second.cookies[0]?.value, first.cookies[0]?.value);
      assert.equal((await readData(server, pageHeaders(first).cookie)).statusCode, 401);
      assert.equal((await readData(server, pageHeaders(second).cookie)).statusCode, 200);
    });

    test('does not take a token that somebody else chose', async () => {
      const server = await startWithUser(db);
      const chosen = `__Host-bulwark=${'A'.repeat(43)}`;
      const answer = await signIn(server, {}, { headers: { origin: ORIGIN, cookie: chosen } });
      assert.equal(answer.statusCode, 200);
      assert.equal((await readData(server, chosen)).statusCode, 401);
    });
  });

  describe('a session', () => {
    test('shows itself, with the CSRF token that sign-in gave', async () => {
      const server = await startWithUser(db);
      const signedIn = await signIn(server);
      const { cookie } = pageHeaders(signedIn);
      const shown = await server.app.inject({ url: '/api/session', headers: { cookie } });
      assert.deepEqual(shown.json(), signedIn.json());
      assert.equal(shown.json().expiresAt, server.clock.now + 24 * HOUR);
    });

    test('ends with sign-out: the old cookie is worth nothing, and who listens is told', async () => {
      const server = await startWithUser(db);
      const signedIn = await signIn(server);
      const other = await signIn(server);
      const ended: string[] = [];
      const stop = server.accounts.sessions.onEnd((id) => ended.push(id));
      const id = (await server.accounts.sessions.find(String(signedIn.cookies[0]?.value)))?.id;

      const out = await server.app.inject({ method: 'DELETE', url: '/api/session', headers: pageHeaders(signedIn) });
      assert.equal(out.statusCode, 204);
      assert.equal(out.body, '');
      assert.match(String(out.headers['set-cookie']), /^__Host-bulwark=; Max-Age=0; Path=\/;.* HttpOnly; Secure/);
      assert.deepEqual(ended, [id]);
      stop();

      const after = await readData(server, pageHeaders(signedIn).cookie);
      assert.equal(after.statusCode, 401);
      assert.deepEqual(after.json(), { error: { code: 'ERR_SESSION', message: 'Sign in first.' } });
      assert.equal((await readData(server, pageHeaders(other).cookie)).statusCode, 200);
    });

    test('ends when it is not used, and lives on when it is', async () => {
      const server = await startWithUser(db);
      const { cookie } = pageHeaders(await signIn(server));
      for (let hours = 0; hours < 14; hours += 7) {
        server.clock.now += 7 * HOUR;
        assert.equal((await readData(server, cookie)).statusCode, 200);
      }
      server.clock.now += 8 * HOUR;
      assert.equal((await readData(server, cookie)).statusCode, 401);
    });

    test('ends after a day, however much it is used', async () => {
      const server = await startWithUser(db);
      const { cookie } = pageHeaders(await signIn(server));
      for (let hours = 0; hours < 21; hours += 7) {
        server.clock.now += 7 * HOUR;
        assert.equal((await readData(server, cookie)).statusCode, 200);
      }
      server.clock.now += 3 * HOUR;
      assert.equal((await readData(server, cookie)).statusCode, 401);
    });

    test('is written at most once a minute', async () => {
      const server = await startWithUser(db);
      const { cookie } = pageHeaders(await signIn(server));
      const lastUsedAt = async () => {
        const query = db.selectFrom('session').innerJoin('user', 'user.id', 'session.user_id');
        const row = await query.select('last_used_at').where('tenant_id', '=', server.tenantId).executeTakeFirst();
        return row?.last_used_at;
      };
      const start = server.clock.now;
      server.clock.now += MINUTE - 1;
      await readData(server, cookie);
      assert.equal(await lastUsedAt(), start);
      server.clock.now += 1;
      await readData(server, cookie);
      assert.equal(await lastUsedAt(), start + MINUTE);
    });

    const countSessions = async ({ tenantId }: Server) => {
      const query = db.selectFrom('session').innerJoin('user', 'user.id', 'session.user_id');
      return (await query.select('user.id').where('tenant_id', '=', tenantId).execute()).length;
    };

    test('that is over is swept away, and who listens is told', async () => {
      const server = await startWithUser(db);
      const token = String((await signIn(server)).cookies[0]?.value);
      const id = (await server.accounts.sessions.find(token))?.id;
      const ended: string[] = [];
      server.accounts.sessions.onEnd((one) => ended.push(one));
      await server.accounts.sessions.sweep();
      assert.equal(await countSessions(server), 1);
      server.clock.now += 8 * HOUR;
      await server.accounts.sessions.sweep();
      assert.equal(ended.includes(String(id)), true);
      assert.equal(await countSessions(server), 0);
    });
  });

  describe('refused, whoever is signed in', () => {
    const writes: { name: string; change: (own: Answer, other: Answer) => Record<string, string>; code: string }[] = [
      { name: 'a forged Origin', change: () => ({ origin: 'https://evil.example' }), code: 'ERR_ORIGIN' },
      { name: 'another site', change: () => ({ 'sec-fetch-site': 'cross-site' }), code: 'ERR_CROSS_SITE' },
      { name: 'no CSRF token', change: () => ({ 'x-bulwark-csrf': '' }), code: 'ERR_CSRF_TOKEN' },
      {
        name: 'the token of another session',
        change: (_own, other) => ({ 'x-bulwark-csrf': pageHeaders(other)['x-bulwark-csrf'] }),
        code: 'ERR_CSRF_TOKEN',
      },
      {
        name: 'the cookie’s token as CSRF token',
        change: (own) => ({ 'x-bulwark-csrf': String(own.cookies[0]?.value) }),
        code: 'ERR_CSRF_TOKEN',
      },
    ];
    for (const { name, change, code } of writes) {
      test(name, async () => {
        const server = await startWithUser(db);
        const [own, other] = await Promise.all([signIn(server), signIn(server)]);
        const write = (headers: Record<string, string>) =>
          server.app.inject({ method: 'POST', url: '/api/data', headers });
        assert.equal((await write(pageHeaders(own))).statusCode, 200);
        const answer = await write({ ...pageHeaders(own), ...change(own, other) });
        assert.equal(answer.statusCode, 403);
        assert.equal(answer.json().error.code, code);
      });
    }

    test('sign-in that another site began', async () => {
      const answer = await signIn(await startWithUser(db), {}, { headers: { origin: 'https://evil.example' } });
      assert.equal(answer.statusCode, 403);
      assert.equal(answer.cookies.length, 0);
    });

    const cookies: { name: string; value: (token: string) => string }[] = [
      { name: 'garbage', value: () => 'garbage' },
      { name: 'an empty cookie', value: () => '' },
      { name: 'a cookie cut short', value: (token) => token.slice(0, -1) },
      { name: 'a cookie with more', value: (token) => `${token}A` },
      { name: 'an oversize cookie', value: (token) => token.repeat(100) },
      { name: 'another last character for the same bytes', value: nextInAlphabet },
      { name: 'a broken escape', value: () => '%zz' },
      { name: 'the session’s id', value: () => '__proto__' },
    ];
    for (const { name, value } of cookies) {
      test(`${name} as cookie, which is taken back`, async () => {
        const server = await startWithUser(db);
        const signedIn = await signIn(server);
        const answer = await readData(server, `__Host-bulwark=${value(String(signedIn.cookies[0]?.value))}`);
        assert.equal(answer.statusCode, 401);
        assert.equal(answer.json().error.code, 'ERR_SESSION');
        assert.match(String(answer.headers['set-cookie']), /^__Host-bulwark=; Max-Age=0/);
      });
    }
  });

  test('neither names nor tokens are in the database', async () => {
    const server = await startWithUser(db);
    const token = String((await signIn(server)).cookies[0]?.value);
    const rows = [
      ...(await db.selectFrom('user').selectAll().execute()),
      ...(await db.selectFrom('session').selectAll().execute()),
    ];
    const bytes = rows
      .flatMap((row) => Object.values(row))
      .map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value)));
    const forbidden = [NAME, NAME.toLowerCase(), PASSWORD, token, Buffer.from(token, 'base64url').toString('latin1')];
    for (const text of forbidden) assert.ok(!bytes.some((value) => value.includes(text)));
  });
});

/** The last of 43 characters carries two bits that mean nothing; this sets the lower one. */
function nextInAlphabet(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return `${token.slice(0, -1)}${alphabet[alphabet.indexOf(token.at(-1) ?? '') + 1]}`;
}
