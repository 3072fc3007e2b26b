import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Phase } from '../src/states.ts';
import type { Result } from './prisma.ts';
import { type Club, member, order } from './prisma-club.ts';

const CANARY = 'canary@example.test';

/** Writing through the extension. Runs inside whatever `describe` the caller is in. */
export function testWrites(open: () => Promise<Club>): void {
  describe('writes', () => {
    let club: Club;
    const inNorth = (title: string, work: (club: Club) => Promise<unknown>) =>
      test(title, () => club.asTenant('north', async () => void (await work(club))));
    before(async () => {
      club = await open();
      await club.fields.ready('north');
      await club.fields.ready('south');
    });
    after(() => club.base.$disconnect());

    const keyOf = ({ club: name, number }: Result) => ({ club_number: { club: name, number } });
    const stored = async ({ number }: Result) => (await club.stored('members')).find((row) => row.number === number)!;
    const created = async (change: Result = {}) => {
      const row = member(change);
      await club.prisma.member.create({ data: row });
      return row;
    };

    inNorth('seal rows of every kind of insert', async ({ prisma }) => {
      const rows = [1, 2, 3, 4].map(() => member({ address: '1 Canary Wharf', balance: 12.5 }));
      const [one, two, three, four] = rows;
      assert.equal((await prisma.member.create({ data: one! })).address, '1 Canary Wharf');
      assert.deepEqual(await prisma.member.createMany({ data: [two!] }), { count: 1 });
      const [returned] = await prisma.member.createManyAndReturn({ data: [three!], select: { address: true } });
      assert.deepEqual(returned, { address: '1 Canary Wharf' });
      const { tenantId: _, ...key } = keyOf(four!) as Result;
      const upserted = await prisma.member.upsert({ where: key, create: four!, update: { level: 'x' } });
      assert.deepEqual([upserted.email, upserted.level], [four!.email, null]);
      for (const row of rows) {
        const columns = await stored(row);
        for (const column of ['email', 'sealed']) assert.match(String(columns[column]), /^bw1:/);
        assert.match(String(columns.email_index), /^[\w-]{22}$/);
        assert.equal((await prisma.member.findUnique({ where: keyOf(row) }))?.balance, 12.5);
      }
    });

    inNorth('seal bytes, and JSON in columns that are JSON', async ({ prisma, base }) => {
      const row = await created({ profile: { taxId: 'DE-canary', plan: 'gold' } });
      const [{ profile }] = (await base.member.findMany({ where: { number: row.number as number } })) as [
        { profile: { taxId: string; plan: string } },
      ];
      assert.match(profile.taxId, /^bw1:/);
      assert.equal(profile.plan, 'gold');
      assert.deepEqual((await prisma.member.findUnique({ where: keyOf(row) }))?.profile, row.profile);
      await prisma.member.update({ where: keyOf(row), data: { profile: null } });
      assert.equal(
        (await prisma.member.findFirst({ where: { number: row.number as number, profile: null } }))?.profile,
        null,
      );

      const letter = order({ note: Uint8Array.of(1, 2, 3), code: 'red' });
      await prisma.order.create({ data: letter });
      const [raw] = (await base.order.findMany({ where: { id: letter.id as string } })) as [
        { note: Uint8Array; code: Uint8Array },
      ];
      assert.ok(raw.note.length > 20 && raw.code instanceof Uint8Array);
      const [back] = await prisma.order.findMany({ where: { code: 'red', id: letter.id as string } });
      assert.deepEqual([...(back!.note as Uint8Array)], [1, 2, 3]);
    });

    inNorth('change rows that are named by their id', async ({ prisma }) => {
      const row = await created();
      const { club: name, number } = row;
      const updated = await prisma.member.update({ where: keyOf(row), data: { email: { set: CANARY }, level: 'tin' } });
      assert.deepEqual([updated.email, updated.level], [CANARY, 'tin']);
      const wheres = [{ club: name, number }, { AND: [{ club: { equals: name } }, { number, level: 'tin' }] }];
      for (const [i, where] of wheres.entries()) {
        assert.deepEqual(await prisma.member.updateMany({ where, data: { email: `again${i}@example.test` } }), {
          count: 1,
        });
      }
      const returned = await prisma.member.updateManyAndReturn({ where: wheres[0]!, data: { email: null } });
      assert.deepEqual(
        returned.map(({ email, number }) => [email, number]),
        [[null, number]],
      );
      assert.equal((await stored(row)).email_index, null);
      await prisma.member.upsert({ where: keyOf(row), create: row, update: { email: CANARY } });
      assert.equal((await prisma.member.findUnique({ where: { email: CANARY } }))?.number, number);
      await prisma.member.delete({ where: { email: CANARY } });
    });

    const refusals: [string, string, (club: Club, row: Result) => Promise<unknown>][] = [
      [
        'a row without its id',
        'ERR_ROW_ID_MISSING',
        ({ prisma }) => prisma.order.create({ data: { tenantId: 'north', code: 'x' } }),
      ],
      [
        'a row without its tenant',
        'ERR_SCOPE_MISSING',
        ({ prisma }) => prisma.order.create({ data: { id: 'x', code: 'x' } }),
      ],
      [
        'a row whose tenant a relation names',
        'ERR_SCOPE_MISSING',
        ({ prisma }) =>
          prisma.shop.create({ data: { id: 'x', title: 'x', sales: { create: { id: 'x', code: 'x' } } } }),
      ],
      [
        'a change of many rows',
        'ERR_ROW_ID_MISSING',
        ({ prisma }) => prisma.member.updateMany({ where: { level: 'gold' }, data: { email: 'a@example.test' } }),
      ],
      [
        'a change of a row that is not named by its id',
        'ERR_ROW_ID_MISSING',
        ({ prisma }, { email }) => prisma.member.update({ where: { email }, data: { phone: '1' } }),
      ],
      [
        'a change of a row by one of several ids',
        'ERR_ROW_ID_MISSING',
        ({ prisma }) => prisma.order.updateMany({ where: { OR: [{ id: 'a' }, { id: 'b' }] }, data: { code: 'x' } }),
      ],
      [
        'a change of a row by an id in whatever case',
        'ERR_ROW_ID_MISSING',
        ({ prisma }) =>
          prisma.order.updateMany({ where: { id: { equals: 'A', mode: 'insensitive' } }, data: { code: 'x' } }),
      ],
      [
        'a change of the record in part',
        'ERR_RECORD_PARTIAL',
        ({ prisma }, row) => prisma.member.update({ where: keyOf(row), data: { address: '2 Wharf' } }),
      ],
      [
        'arithmetic in the database',
        'ERR_UNSUPPORTED_QUERY',
        ({ prisma }, row) =>
          prisma.member.update({ where: keyOf(row), data: { address: 'x', balance: { increment: 1 } } }),
      ],
      [
        'an index by hand',
        'ERR_UNSUPPORTED_QUERY',
        ({ prisma }) => prisma.member.create({ data: member({ emailIndex: CANARY }) }),
      ],
      [
        'the record by hand',
        'ERR_UNSUPPORTED_QUERY',
        ({ prisma }) => prisma.member.create({ data: member({ sealed: CANARY }) }),
      ],
      [
        'a field that is misspelt',
        'ERR_FIELD_UNKNOWN',
        ({ prisma }) => prisma.member.create({ data: member({ emial: CANARY }) }),
      ],
      [
        'data that makes itself',
        'ERR_UNSUPPORTED_QUERY',
        ({ prisma }) => prisma.member.create({ data: { toJSON: () => member() } }),
      ],
      [
        'another tenant for a row',
        'ERR_UNSUPPORTED_QUERY',
        ({ prisma }, row) => prisma.member.update({ where: keyOf(row), data: { tenantId: 'south' } }),
      ],
      [
        'another id for a row',
        'ERR_UNSUPPORTED_QUERY',
        ({ prisma }, row) => prisma.member.update({ where: keyOf(row), data: { number: { increment: 1 } } }),
      ],
      [
        'a nested write that is not known',
        'ERR_UNSUPPORTED_QUERY',
        ({ prisma }) => prisma.shop.create({ data: { id: 'x', title: 'x', sales: { insert: { code: CANARY } } } }),
      ],
      [
        'a value of another type',
        'ERR_VALUE_TYPE',
        ({ prisma }) => prisma.member.create({ data: member({ email: 42 }) }),
      ],
    ];
    for (const [title, code, write] of refusals) {
      inNorth(`refuse, before the database is asked › ${title}`, async () => {
        const row = await created();
        const asked = await club.queriesOf(() =>
          assert.rejects(write(club, row), (error: Error & { code?: string }) => {
            assert.equal(error.code, code);
            assert.ok(!error.message.includes('canary'), error.message);
            return true;
          }),
        );
        assert.deepEqual(asked, []);
      });
    }

    inNorth(
      'leave a row of another tenant alone, instead of sealing it with keys that do not open it',
      async ({ prisma }) => {
        const theirs = await created({ tenantId: 'south', email: 'theirs@example.test' });
        const change = { data: { email: 'mine@example.test' } };
        await assert.rejects(prisma.member.update({ where: keyOf(theirs), ...change }), { code: 'P2025' });
        const where = { club: theirs.club, number: theirs.number };
        assert.deepEqual(await prisma.member.updateMany({ where, ...change }), { count: 0 });
        await prisma.member.update({ where: { ...keyOf(theirs), tenantId: 'south' }, ...change });
        assert.equal((await prisma.member.findUnique({ where: keyOf(theirs) }))?.email, 'mine@example.test');
      },
    );

    inNorth('save a row with the id and the tenant that it has', async ({ prisma }) => {
      const row = await created();
      const saved = await prisma.member.update({ where: keyOf(row), data: { ...row, email: 'saved@example.test' } });
      assert.equal(saved.email, 'saved@example.test');
      const moved = { ...row, tenantId: 'south', email: 'moved@example.test' };
      await assert.rejects(prisma.member.update({ where: keyOf(row), data: moved }), { code: 'P2025' });
      assert.equal((await prisma.member.findUnique({ where: keyOf(row) }))?.email, 'saved@example.test');
    });

    inNorth('seal what is written along with another model', async ({ prisma, base, queriesOf }) => {
      const [one, two, three, four] = [order(), order(), order(), order()] as [Result, Result, Result, Result];
      const notes = async () =>
        (await prisma.order.findMany({ where: { shopId: 'n' }, orderBy: { total: 'asc' } })).map(({ code }) => code);
      const asked = await queriesOf(async () => {
        await prisma.shop.create({
          data: {
            id: 'n',
            title: 'Nested',
            sales: {
              create: [{ ...one, total: 1, code: 'canary-1' }],
              createMany: { data: [{ ...two, total: 2, code: 'canary-2' }] },
              connectOrCreate: { where: { id: three.id }, create: { ...three, total: 3, code: 'canary-3' } },
            },
          },
        });
        assert.deepEqual(await notes(), ['canary-1', 'canary-2', 'canary-3']);
        const shop = await prisma.shop.update({
          where: { id: 'n' },
          data: {
            sales: {
              update: { where: { id: one.id }, data: { code: 'canary-a' } },
              updateMany: { where: { id: two.id }, data: { code: 'canary-b' } },
              upsert: {
                where: { id: four.id },
                create: { ...four, total: 4, code: 'canary-4' },
                update: { code: 'no' },
              },
              deleteMany: { code: 'canary-3' },
            },
          },
          include: { sales: { where: { code: { in: ['canary-a', 'canary-b'] } }, orderBy: { total: 'asc' } } },
        });
        assert.deepEqual(
          (shop.sales as Result[]).map(({ code }) => code),
          ['canary-a', 'canary-b'],
        );
        assert.deepEqual(await notes(), ['canary-a', 'canary-b', 'canary-4']);
        const someone = member({ email: 'canary-5@example.test' });
        const { member: hers } = await prisma.order.create({
          data: { ...order(), code: 'canary-8', member: { create: someone } },
          include: { member: true },
        });
        assert.equal((hers as Result).email, 'canary-5@example.test');
        await prisma.member.create({ data: member({ orders: { create: { ...order(), code: 'canary-6' } } }) });
        const where = { email: 'canary-5@example.test' };
        await prisma.order.update({ where: { id: four.id }, data: { member: { connect: where } } });
        const data = {
          member: { update: { where: { club: 'c', number: someone.number }, data: { phone: 'canary-7' } } },
        };
        await prisma.order.update({ where: { id: four.id }, data });
        assert.equal((await prisma.member.findUnique({ where }))?.phone, 'canary-7');
        await assert.rejects(
          prisma.order.update({ where: { id: four.id }, data: { member: { update: { phone: '1' } } } }),
          { code: 'ERR_ROW_ID_MISSING' },
        );
      });
      assert.ok(!asked.join().includes('canary'));
      assert.equal(await base.order.count({ where: { shopId: 'n' } }), 3);
    });

    inNorth('take part in transactions', async ({ prisma }) => {
      const [one, two, three] = [member(), member(), member()];
      await prisma.$transaction(async (tx) => {
        await tx.member.create({ data: one });
        assert.equal((await tx.member.findUnique({ where: { email: one.email } }))?.number, one.number);
      });
      await assert.rejects(
        prisma.$transaction(async (tx) => {
          await tx.member.create({ data: two });
          throw new Error('changed my mind');
        }),
        /changed my mind/,
      );
      const [created, listed] = await prisma.$transaction([
        prisma.member.create({ data: three }),
        prisma.member.findMany({
          where: { email: { in: [one.email, two.email, three.email] } },
          orderBy: { number: 'asc' },
        }),
      ]);
      assert.equal((created as Result).email, three.email);
      assert.deepEqual(
        (listed as Result[]).map(({ number }) => number),
        [one.number, three.number],
      );
    });

    inNorth('leave nothing of a batch of which one is refused', async ({ prisma }) => {
      const row = member();
      await assert.rejects(
        prisma.$transaction([
          prisma.member.create({ data: row }),
          prisma.member.updateMany({ data: { email: 'all@example.test' } }),
        ]),
        { code: 'ERR_ROW_ID_MISSING' },
      );
      assert.equal(await prisma.member.findUnique({ where: { email: row.email } }), null);
      await created();
    });

    inNorth('follow a column through its migration', async ({ prisma, states }) => {
      const birthday = new Date('1990-04-05T00:00:00.000Z');
      const phases: [Phase, boolean, boolean][] = [
        ['plain', true, false],
        ['dual-writing', true, true],
        ['backfilled', true, true],
        ['encrypted-only', false, true],
        ['plain-dropped', false, true],
      ];
      try {
        for (const [phase, isPlain, isSealed] of phases) {
          states.birthday = phase;
          const row = await created({ birthday });
          const columns = await stored(row);
          assert.equal(columns.birthday !== null, isPlain, phase);
          assert.equal(columns.birthday_sealed !== null, isSealed, phase);
          assert.deepEqual((await prisma.member.findUnique({ where: keyOf(row) }))?.birthday, birthday, phase);
          const number = row.number as number;
          const select = { birthday: true };
          assert.deepEqual(
            await prisma.member.findMany({ where: { number, birthday }, select }),
            [{ birthday }],
            phase,
          );
          assert.equal(await prisma.member.count({ where: { number, birthday: null } }), 0, phase);
          assert.ok(!('birthdaySealed' in (await prisma.member.findFirst({ where: { number } }))!));
          await prisma.member.update({ where: keyOf(row), data: { birthday: null } });
          assert.equal(await prisma.member.count({ where: { number, birthday: null } }), 1, phase);
        }
      } finally {
        states.birthday = 'plain-dropped';
      }
    });
  });
}
