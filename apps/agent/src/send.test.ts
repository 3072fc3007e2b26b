import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import pino from 'pino';
import { AgentError } from './errors.ts';
import { sendSpool } from './send.ts';
import type { ServerAnswer } from './server-link.ts';
import { Spool, type SpooledFrame } from './spool.ts';

const DICTIONARY: SpooledFrame = { frame: Buffer.from('dictionary'), isReport: false };

function answer(status: number, code?: string): ServerAnswer {
  const body = code
    ? { error: { code, message: '' } }
    : { sequence: 1, serverTime: 1_795_000_000_000, intervalSeconds: 10 };
  return { status, body: Buffer.from(JSON.stringify(body)), retryAfterSeconds: undefined };
}

/** Sends reports through a server that gives these answers, one a request. */
async function send(reports: string[], answers: (ServerAnswer | AgentError)[]) {
  const spool = new Spool();
  for (const text of reports) spool.add({ frame: Buffer.from(text), isReport: true });
  const requests: string[] = [];
  const acknowledged: number[] = [];
  const end = new AbortController();
  const sending = sendSpool(
    {
      link: {
        get: () => Promise.reject(new Error('not used')),
        post(_path, body) {
          requests.push(Buffer.from(body).toString());
          const next = answers.shift();
          if (answers.length === 0 && next === undefined) end.abort();
          if (next instanceof AgentError) return Promise.reject(next);
          return Promise.resolve(next ?? answer(503));
        },
        close() {},
      },
      token: 't',
      spool,
      reports: { seal: () => [], sealDictionary: () => DICTIONARY },
      log: pino({ level: 'silent' }),
      onAcknowledged: ({ sequence }) => acknowledged.push(sequence),
    },
    end.signal,
  );
  await sending;
  return { requests, left: spool.length, acknowledged: acknowledged.length };
}

describe('a report leaves the spool', () => {
  test('when it is acknowledged', async () => {
    assert.deepEqual(await send(['a', 'b'], [answer(200), answer(200)]), {
      requests: ['a', 'b'],
      left: 0,
      acknowledged: 2,
    });
  });
  test('when the server has it already', async () => {
    assert.equal((await send(['a'], [answer(409, 'ERR_FRAME_REPLAYED')])).left, 0);
  });
  test('when the server will never take it, so that those behind it get through', async () => {
    assert.deepEqual((await send(['bad', 'good'], [answer(422, 'ERR_BATCH_INVALID'), answer(200)])).requests, [
      'bad',
      'good',
    ]);
  });
});

describe('a report stays in the spool and is sent again', () => {
  const cases = [
    { name: 'when the server cannot be reached', first: new AgentError('ERR_SERVER_UNREACHABLE', 'gone') },
    { name: 'when the server cannot store it', first: answer(503, 'ERR_STORE_UNAVAILABLE') },
    { name: 'when there were too many', first: answer(429, 'ERR_TOO_MANY_FRAMES') },
    {
      name: 'when the token is not known (a server with yesterday’s database)',
      first: answer(401, 'ERR_AGENT_UNKNOWN'),
    },
    { name: 'when a proxy answers with something else', first: { ...answer(400), body: Buffer.from('<html>') } },
  ];
  for (const { name, first } of cases) {
    test(name, async () => {
      assert.deepEqual(await send(['a'], [first, answer(200)]), { requests: ['a', 'a'], left: 0, acknowledged: 1 });
    });
  }
  test('behind the dictionary, when the server asks for that', async () => {
    const { requests } = await send(['a'], [answer(424, 'ERR_DICTIONARY_NEEDED'), answer(200), answer(200)]);
    assert.deepEqual(requests, ['a', 'dictionary', 'a']);
  });
});

test('a revoked agent stops, and keeps what it has', async () => {
  await assert.rejects(send(['a'], [answer(403, 'ERR_AGENT_REVOKED')]), { code: 'ERR_AGENT_REVOKED' });
});
