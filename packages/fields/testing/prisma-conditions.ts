import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { skip } from '@prisma/client/runtime/client';
import { type Club, member, order } from './prisma-club.ts';

/** Searching through the extension. Runs inside whatever `describe` the caller is in. */
export function testConditions(open: () => Promise<Club>): void {
  describe('conditions', () => {
    let club: Club;
    const inNorth = (title: string, work: () => Promise<unknown>) =>
      test(title, () => club.asTenant('north', async () => void (await work())));
    before(async () => {
      club = await open();
      await club.fields.ready('north');
      await club.fields.ready('south');
      await club.asTenant('north', async () => {
        const { prisma } = club;
        await prisma.member.createMany({
          data: [
            member({ number: 1, level: 'gold', email: 'ada@example.test', phone: '111' }),
            member({ number: 2, level: 'gold', email: 'bob@example.test', phone: '222' }),
            member({ number: 3, level: 'tin', email: null, phone: null }),
          ],
        });
        await prisma.member.create({ data: member({ tenantId: 'south', email: 'ada@example.test' }) });
        await prisma.shop.create({ data: { id: 's1', title: 'Books' } });
        await prisma.shop.create({ data: { id: 's2', title: 'Tea' } });
        await prisma.order.createMany({
          data: [
            order({ id: 'o1', club: 'c', number: 1, shopId: 's1', total: 10, code: 'red' }),
            order({ id: 'o2', club: 'c', number: 2, shopId: 's1', total: 20, code: 'blue' }),
            order({ id: 'o3', club: 'c', number: 2, shopId: 's2', total: 30, code: null }),
          ],
        });
      });
    });
    after(() => club.base.$disconnect());

    const numbers = async (where: object) => {
      const rows = await club.prisma.member.findMany({
        where: { AND: [{ tenantId: 'north', number: { lte: 3 } }, where] },
        orderBy: [{ tenantId: 'asc' }, { number: 'asc' }],
      });
      return rows.map(({ number }) => number);
    };

    const found: [string, object, number[]][] = [
      ['a value', { email: ' ADA@example.test' }, [1]],
      ['equals', { email: { equals: 'ada@example.test' } }, [1]],
      [
        'equals in a mode that its type has anyway',
        { email: { equals: 'ADA@example.test', mode: 'insensitive' } },
        [1],
      ],
      ['in', { email: { in: ['ada@example.test', 'bob@example.test', 'x'] } }, [1, 2]],
      ['in none', { email: { in: [] } }, []],
      ['null', { email: null }, [3]],
      ['equals null', { email: { equals: null } }, [3]],
      ['not null', { email: { not: null } }, [1, 2]],
      ['not a value, and not null', { email: { not: 'ada@example.test' } }, [2]],
      ['notIn', { email: { notIn: ['bob@example.test'] } }, [1]],
      ['several operators', { email: { in: ['ada@example.test', 'bob@example.test'], not: 'ada@example.test' } }, [2]],
      ['OR', { OR: [{ email: 'ada@example.test' }, { level: 'tin' }] }, [1, 3]],
      ['NOT', { NOT: { email: 'ada@example.test' } }, [2]],
      ['NOT of several', { NOT: [{ email: 'ada@example.test' }, { level: 'tin' }] }, [2]],
      ['AND beside', { email: 'ada@example.test', AND: { level: 'tin' } }, []],
      ['undefined, which is no condition', { email: undefined, level: 'gold' }, [1, 2]],
      ['what Prisma is told to skip', { email: skip, level: 'tin' }, [3]],
      ['a relation', { orders: { some: { code: 'blue' } } }, [2]],
      ['no such relation', { orders: { none: { code: 'blue' } } }, [1, 3]],
      ['every relation', { orders: { every: { code: 'red' } } }, [1, 3]],
    ];
    for (const [title, where, expected] of found) {
      inNorth(`are answered › ${title}`, async () => {
        const before = await numbers(where);
        assert.deepEqual(before, expected);
        // The same while the key of the index is rotated: some rows are in the new column too, others not yet.
        club.states.isRotating = true;
        try {
          assert.deepEqual(await numbers(where), expected);
        } finally {
          club.states.isRotating = false;
        }
      });
    }

    inNorth('are answered through relations of models that have no encrypted fields', async () => {
      const { shop, order: orders } = club.prisma;
      const titles = async (where: object) => (await shop.findMany({ where })).map(({ title }) => title);
      assert.deepEqual(await titles({ sales: { some: { member: { email: 'ada@example.test' } } } }), ['Books']);
      assert.deepEqual(await titles({ sales: { none: { member: { is: { email: 'ada@example.test' } } } } }), ['Tea']);
      assert.equal(await orders.count({ where: { member: { isNot: { email: 'ada@example.test' } } } }), 2);
      assert.equal(await orders.count({ where: { member: { email: { not: null } } } }), 3);
    });

    inNorth('use the keys of the tenant that they name', async () => {
      const of = (tenantId: string) => club.prisma.member.findMany({ where: { tenantId, email: 'ada@example.test' } });
      assert.deepEqual(
        (await of('south')).map(({ tenantId }) => tenantId),
        ['south'],
      );
      assert.deepEqual(
        (await of('north')).map(({ tenantId }) => tenantId),
        ['north'],
      );
      const sum = await club.prisma.member.aggregate({ where: { email: 'ada@example.test' }, _max: { number: true } });
      assert.deepEqual(sum._max, { number: 1 });
      assert.equal(await club.prisma.member.count({ where: { tenantId: 'south', email: 'bob@example.test' } }), 0);
    });

    inNorth('find one row by a unique encrypted field, and change and delete it', async () => {
      const { member: members } = club.prisma;
      const row = member({ email: 'one@example.test', level: 'tin' });
      await members.create({ data: row });
      assert.equal((await members.findUnique({ where: { email: 'One@example.test' } }))?.number, row.number);
      assert.equal(await members.findUnique({ where: { email: 'none@example.test' } }), null);
      assert.equal(await members.findUnique({ where: { email: 'one@example.test', level: 'gold' } }), null);
      await assert.rejects(members.findUniqueOrThrow({ where: { email: 'none@example.test' } }), { code: 'P2025' });
      assert.equal(
        (await members.update({ where: { email: 'one@example.test' }, data: { level: 'gold' } })).level,
        'gold',
      );
      assert.equal((await members.delete({ where: { email: 'one@example.test' } })).email, 'one@example.test');
      await assert.rejects(members.delete({ where: { email: 'one@example.test' } }), { code: 'P2025' });
    });

    inNorth('find one row by a unique field while the key of its index is rotated', async () => {
      const { prisma, keys, fields, states } = club;
      const old = member({ email: 'old@example.test', level: 'tin' });
      await prisma.member.create({ data: old });
      const version = await keys.rotate(fields.keyIds('north').index, { activatesAt: Date.now() + 1e12 });
      states.isRotating = true;
      try {
        const fresh = member({ email: 'fresh@example.test' });
        await prisma.member.create({ data: fresh });
        await keys.activate(fields.keyIds('north').index, version);
        for (const { email, number } of [old, fresh]) {
          assert.equal((await prisma.member.findUnique({ where: { email } }))?.number, number);
          await prisma.member.update({ where: { email }, data: { level: 'gold' } });
          assert.deepEqual(
            (await prisma.member.findMany({ where: { email: { in: [email] } } })).map((row) => [row.number, row.level]),
            [[number, 'gold']],
          );
        }
        const where = { email: 'old@example.test' };
        const unsupported = { code: 'ERR_UNSUPPORTED_QUERY' };
        await assert.rejects(prisma.member.upsert({ where, create: member(), update: {} }), unsupported);
        await assert.rejects(prisma.$transaction([prisma.member.findUnique({ where })]), unsupported);
        await prisma.member.delete({ where });
        assert.equal(await prisma.member.count({ where }), 0);
      } finally {
        states.isRotating = false;
      }
    });

    inNorth('drop what a shortened index finds besides', async () => {
      const { prisma, base } = club;
      const [one, two] = [member({ phone: '+44 1000', level: 'p' }), member({ phone: '+44 2000', level: 'p' })];
      await prisma.member.createMany({ data: [one, two] });
      const [stored] = await base.member.findMany({ where: { number: one.number as number } });
      await base.member.updateMany({
        where: { number: two.number as number },
        data: { phoneIndex: stored!.phoneIndex },
      });
      const where = { phone: '441000', level: 'p' };
      assert.deepEqual(
        (await prisma.member.findMany({ where })).map(({ phone }) => phone),
        ['+44 1000'],
      );
      assert.deepEqual(await prisma.member.findMany({ where, select: { email: true } }), [{ email: one.email }]);
      const both = { AND: { phone: { in: ['441000', '442000'] } } };
      assert.equal((await prisma.member.findMany({ where: both, select: { number: true } })).length, 2);
      const refused: (() => Promise<unknown>)[] = [
        () => prisma.member.findMany({ where, take: 1 }),
        () => prisma.member.findFirst({ where }),
        () => prisma.member.count({ where }),
        () => prisma.member.deleteMany({ where }),
        () => prisma.member.findMany({ where: { OR: [where] } }),
        () => prisma.member.findMany({ where: { NOT: where } }),
        () => prisma.member.findMany({ where: { phone: { not: '441000' } } }),
        () => prisma.order.findMany({ where: { member: where } }),
      ];
      for (const query of refused) await assert.rejects(query(), { code: 'ERR_UNSUPPORTED_QUERY' }, String(query));
    });

    const refusals: Record<string, (club: Club) => Promise<unknown>> = {
      'a part of a text': ({ prisma }) => prisma.member.findMany({ where: { email: { contains: 'ada' } } }),
      'a range': ({ prisma }) => prisma.member.findFirst({ where: { birthday: { gt: new Date(0) } } }),
      'a range under not': ({ prisma }) => prisma.member.findFirst({ where: { email: { not: { startsWith: 'a' } } } }),
      'a range in a relation': ({ prisma }) =>
        prisma.shop.findMany({ where: { sales: { some: { code: { lt: 'x' } } } } }),
      'a field without search': ({ prisma }) => prisma.order.count({ where: { note: new Uint8Array(2) } }),
      'a path in JSON': ({ prisma }) => prisma.member.count({ where: { profile: { path: ['taxId'], equals: 'DE' } } }),
      'an object for a value': ({ prisma }) => prisma.member.deleteMany({ where: { email: { equals: {} } } }),
      'null in a list': ({ prisma }) => prisma.member.findMany({ where: { email: { in: [null] } } }),
      'null in the record': ({ prisma }) => prisma.member.findMany({ where: { address: null } }),
      'a mode that its type does not have': ({ prisma }) =>
        prisma.order.findMany({ where: { code: { equals: 'RED', mode: 'insensitive' } } }),
      'the index by its name': ({ prisma }) => prisma.member.findMany({ where: { emailIndex: 'ada@example.test' } }),
      'the index as a unique field': ({ prisma }) => prisma.member.findUnique({ where: { emailIndex: 'ada' } }),
      'a field in a compound key': ({ prisma }) =>
        prisma.member.findUnique({ where: { club_email: { club: 'c', email: 'a' } } }),
      'another field for a value': ({ prisma }) =>
        prisma.member.findMany({ where: { level: { equals: prisma.member.fields.email } } }),
      'an encrypted field for a value': ({ prisma }) =>
        prisma.member.findMany({ where: { email: prisma.member.fields.level } }),
      'a condition that makes itself': ({ prisma }) =>
        prisma.member.findMany({ where: { AND: { toJSON: () => ({ email: 'ada@example.test' }) } } }),
      'an order that makes itself': ({ prisma }) =>
        prisma.member.findMany({ orderBy: { toJSON: () => ({ email: 'asc' }) } }),
      'a raw value': ({ prisma }) => prisma.member.findMany({ where: { $type: 'Raw', value: { email: 'a' } } }),
      'an inherited condition': ({ prisma }) =>
        prisma.member.findMany({ where: Object.create({ email: { contains: 'ada' } }) as object }),
      'a key of the prototype': ({ prisma }) =>
        prisma.member.findMany({ where: JSON.parse('{"__proto__":{"level":"gold"}}') as object }),
      'an order': ({ prisma }) => prisma.member.findMany({ orderBy: { email: 'asc' } }),
      'an order by the index': ({ prisma }) => prisma.member.findMany({ orderBy: [{ emailIndex: 'asc' }] }),
      'an order in a relation': ({ prisma }) => prisma.order.findMany({ orderBy: { member: { phone: 'asc' } } }),
      'an order in what is included': ({ prisma }) =>
        prisma.shop.findMany({ include: { sales: { orderBy: { code: 'asc' } } } }),
      'an order by relevance': ({ prisma }) =>
        prisma.member.findMany({ orderBy: { _relevance: { fields: ['email'], search: 'a', sort: 'asc' } } }),
      'a condition on what is counted': ({ prisma }) =>
        prisma.shop.findMany({ select: { _count: { select: { sales: { where: { code: { gt: 'a' } } } } } } }),
      'distinct values': ({ prisma }) => prisma.member.findMany({ distinct: ['email'] }),
      'a cursor': ({ prisma }) => prisma.member.findMany({ cursor: { email: 'ada@example.test' } }),
      'groups by a field': ({ prisma }) => prisma.member.groupBy({ by: ['email'], _count: true }),
      'groups by the index': ({ prisma }) => prisma.member.groupBy({ by: 'emailIndex' }),
      'a condition on groups': ({ prisma }) =>
        prisma.member.groupBy({ by: ['level'], having: { OR: [{ birthday: { _max: { gt: new Date(0) } } }] } }),
      'an order of groups': ({ prisma }) =>
        prisma.member.groupBy({ by: ['level'], orderBy: { _count: { email: 'asc' } } }),
      'an aggregate': ({ prisma }) => prisma.member.aggregate({ _min: { birthday: true } }),
      'a count of a field': ({ prisma }) => prisma.member.count({ select: { email: true } }),
      'the index in a result': ({ prisma }) => prisma.member.findMany({ select: { emailIndex: true } }),
      'an argument that is not known': ({ prisma }) => prisma.member.findMany({ filter: { email: 'a' } }),
      'a method that is not known': ({ prisma }) =>
        (prisma.member as unknown as { findRaw(args: object): Promise<unknown> }).findRaw({ filter: {} }),
    };
    for (const [title, query] of Object.entries(refusals)) {
      inNorth(`are refused before the database is asked › ${title}`, async () => {
        const asked = await club.queriesOf(() => assert.rejects(query(club), { code: 'ERR_UNSUPPORTED_QUERY' }));
        assert.deepEqual(asked, []);
      });
    }

    inNorth('reach the database without the value that is searched', async () => {
      const asked = await club.queriesOf(async () => {
        await club.prisma.member.findMany({ where: { email: 'canary@example.test' } });
        await club.prisma.member.findUnique({ where: { email: 'canary@example.test' } });
        await club.prisma.shop.findMany({ where: { sales: { some: { member: { email: 'canary@example.test' } } } } });
      });
      assert.ok(asked.length >= 3);
      assert.ok(!asked.join().includes('canary'));
    });
  });
}
