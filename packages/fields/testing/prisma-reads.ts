import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { encryptedFields } from '../src/adapters/prisma/prisma.ts';
import { text } from '../src/field.ts';
import { encrypted } from '../src/table.ts';
import { fieldsFixture } from './fields-fixture.ts';
import type { Result } from './prisma.ts';
import { type Club, member, order } from './prisma-club.ts';

/** Reading through the extension, and setting it up. Runs inside whatever `describe` the caller is in. */
export function testReads(open: () => Promise<Club>): void {
  describe('reads', () => {
    let club: Club;
    const inNorth = (title: string, work: (club: Club) => Promise<unknown>) =>
      test(title, () => club.asTenant('north', async () => void (await work(club))));
    before(async () => {
      club = await open();
      await club.fields.ready('north');
      const { prisma } = club;
      await club.asTenant('north', async () => {
        await prisma.member.create({
          data: member({ number: 1, level: 'gold', email: 'ada@example.test', address: 'Wharf', balance: 1.5 }),
        });
        await prisma.shop.create({ data: { id: 's', title: 'Books' } });
        await prisma.order.create({
          data: order({ id: 'o', club: 'c', number: 1, shopId: 's', total: 3, code: 'red' }),
        });
        await prisma.order.create({ data: order({ id: 'p', shopId: 's', total: 4, code: 'blue' }) });
      });
    });
    after(() => club.base.$disconnect());

    const where = { club_number: { club: 'c', number: 1 } };

    inNorth('give what was asked for, and nothing that opening it needed', async ({ prisma }) => {
      const read = (args: object) => prisma.member.findUnique({ where, ...args });
      assert.deepEqual(await read({ select: { email: true } }), { email: 'ada@example.test' });
      assert.deepEqual(await read({ select: { number: true, address: true } }), { number: 1, address: 'Wharf' });
      assert.deepEqual(await read({ select: { level: true, email: false } }), { level: 'gold' });
      assert.deepEqual(Object.keys((await read({}))!).toSorted(), [
        ...['address', 'balance', 'birthday', 'club', 'email', 'level', 'number', 'phone', 'profile', 'tenantId'],
      ]);
      assert.deepEqual(
        await read({ omit: { club: true, tenantId: true, email: true, emailIndex: true, balance: true } }),
        {
          ...{ number: 1, level: 'gold', phone: null, birthday: null, profile: null, address: 'Wharf' },
        },
      );
      assert.deepEqual(await prisma.member.findFirst({ where: { level: 'none' } }), null);
    });

    inNorth('open rows of relations, however they are reached', async ({ prisma }) => {
      assert.deepEqual(
        await prisma.shop.findUnique({
          where: { title: 'Books' },
          include: {
            sales: {
              orderBy: { total: 'asc' },
              select: { code: true, member: { select: { email: true } } },
            },
            _count: { select: { sales: { where: { code: 'red' } } } },
          },
        }),
        {
          id: 's',
          title: 'Books',
          sales: [
            { code: 'red', member: { email: 'ada@example.test' } },
            { code: 'blue', member: null },
          ],
          _count: { sales: 1 },
        },
      );
      const [withMember] = await prisma.order.findMany({ where: { id: 'o' }, include: { member: true } });
      assert.equal((withMember!.member as Result).address, 'Wharf');
      const changed = await prisma.order.update({ where: { id: 'o' }, data: { total: 5 }, select: { member: true } });
      assert.equal((changed.member as Result).email, 'ada@example.test');
    });

    inNorth('open rows that are reached step by step', async ({ prisma }) => {
      type Steps = { sales(): Promise<Result[]>; member(args?: object): Promise<Result | null> };
      const shop = prisma.shop.findUnique({ where: { id: 's' } }) as unknown as Steps;
      assert.deepEqual((await shop.sales()).map(({ code }) => code).toSorted(), ['blue', 'red']);
      const one = prisma.order.findUnique({ where: { id: 'o' } }) as unknown as Steps;
      assert.deepEqual(await one.member({ select: { email: true } }), { email: 'ada@example.test' });
      const none = prisma.order.findUnique({ where: { id: 'p' } }) as unknown as Steps;
      assert.equal(await none.member(), null);
    });

    inNorth('feed fields that other extensions compute', async ({ prisma }) => {
      const extended = prisma.$extends({
        result: {
          member: {
            host: { needs: { email: true }, compute: ({ email }: { email: string }) => email.split('@')[1] },
          },
        },
      });
      assert.equal((await extended.member.findUnique({ where }))?.host, 'example.test');
      assert.equal((await extended.member.findUnique({ where, select: { host: true } }))?.host, 'example.test');
      const all = await extended.order.findMany({ where: { id: 'o' }, include: { member: true } });
      assert.equal((all[0]!.member as Result).host, 'example.test');
    });

    inNorth('fail where another extension takes the id away, instead of giving sealed values', async ({ prisma }) => {
      const extended = prisma.$extends({
        query: {
          member: {
            findMany: ({ query }: { query: (args: object) => Promise<unknown> }) => query({ select: { email: true } }),
          },
        },
      });
      await assert.rejects(extended.member.findMany(), { code: 'ERR_ROW_ID_MISSING' });
    });

    inNorth('leave raw queries as they are: sealed', async ({ prisma }) => {
      const [row] = await prisma.$queryRawUnsafe('SELECT email FROM members');
      assert.match(String(row!.email), /^bw1:/);
    });

    inNorth('count, sum and group by fields in clear', async ({ prisma }) => {
      assert.equal(await prisma.order.count({ where: { code: 'red' } }), 1);
      assert.deepEqual(await prisma.order.count({ select: { _all: true, total: true } }), { _all: 2, total: 2 });
      assert.deepEqual(
        await prisma.member.groupBy({ by: ['level'], where: { email: { not: null } }, _max: { number: true } }),
        [{ level: 'gold', _max: { number: 1 } }],
      );
      assert.deepEqual(
        (
          await prisma.order.findMany({ cursor: { id: 'p' }, orderBy: { id: 'asc' }, take: 1, distinct: ['total'] })
        ).map(({ id }) => id),
        ['p'],
      );
    });

    const setUps: [string, (club: Club) => unknown][] = [
      [
        'a model that the schema does not have',
        ({ fields, tables }) => encryptedFields(fields, { Person: tables.members }),
      ],
      ['a model left out', ({ fields, tables }) => encryptedFields(fields, { Member: tables.members })],
      [
        'a table for another model',
        ({ fields, tables }) => encryptedFields(fields, { Member: tables.orders, Order: tables.members }),
      ],
      ['a column that the model does not have', () => shopWith(text({ column: 'nowhere' }))],
      ['an index that the model does not have', () => shopWith(text({ search: 'filter' }))],
      ['bytes in a column of text', () => shopWith(text(), 'bytes')],
    ];
    function shopWith(title: ReturnType<typeof text>, store?: 'bytes') {
      const shops = encrypted('shops', { title }, store && { store });
      return encryptedFields(fieldsFixture({ tables: [shops] }).fields, { Shop: shops });
    }
    for (const [title, setUp] of setUps) {
      test(`are refused at set-up › ${title}`, () => {
        assert.throws(() => club.base.$extends(setUp(club)), { code: 'ERR_DECLARATION' });
      });
    }

    test('are refused of a client that does not tell its models', () => {
      const extension = encryptedFields(club.fields, { Member: club.tables.members, Order: club.tables.orders });
      assert.throws(() => extension({ $extends: () => ({}) }), { code: 'ERR_DECLARATION' });
    });
  });
}
