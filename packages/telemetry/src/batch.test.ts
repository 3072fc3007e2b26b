import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Batch, batchDictionaryHash, decodeBatch, encodeBatch } from './batch.ts';
import { createDictionary, parseDictionary } from './dictionary.ts';
import { VALUE_MAX } from './varint.ts';

const dictionary = createDictionary([
  { metric: 'cpu.total', instance: '', scale: 10 },
  { metric: 'memory.used', instance: '', scale: 1 },
  { metric: 'disk.percent', instance: '/srv/data', scale: 10 },
]);
const batch: Batch = {
  startMs: 1_795_000_000_000,
  stepMs: 10_000,
  points: 2,
  columns: [
    [12.5, 99.9],
    [17_179_869_184, 17_179_869_000],
    [null, 71.2],
  ],
  states: { users: [{ name: 'ada' }] },
};

describe('a batch', () => {
  test('comes back as it went, gaps and states included', () => {
    assert.deepEqual(decodeBatch(dictionary, encodeBatch(dictionary, batch)), batch);
  });

  test('names its dictionary by hash', () => {
    assert.deepEqual(Buffer.from(batchDictionaryHash(encodeBatch(dictionary, batch))), dictionary.hash);
  });

  test('of 40 percentages takes at most two bytes a sample', () => {
    const series = Array.from({ length: 40 }, (_, i) => ({ metric: 'cpu.core', instance: String(i), scale: 10 }));
    const columns = series.map((_, i) => [i * 2.5]);
    const bytes = encodeBatch(createDictionary(series), { startMs: 0, stepMs: 10_000, points: 1, columns });
    assert.ok(bytes.length <= 22 + 80, `${bytes.length} bytes`);
  });

  test('keeps any numbers to its scale, and turns NaN and infinities into gaps', () => {
    const value = fc.oneof(
      fc.integer({ min: -VALUE_MAX, max: VALUE_MAX }),
      fc.constantFrom(null, Number.NaN, Number.POSITIVE_INFINITY, 0, VALUE_MAX, -VALUE_MAX),
    );
    const one = createDictionary([{ metric: 'm', instance: '', scale: 1 }]);
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 50 }), (column) => {
        const sent = { startMs: 1, stepMs: 1, points: column.length, columns: [column] };
        const expected = column.map((v) => (v === null || !Number.isFinite(v) ? null : v + 0));
        const [got] = decodeBatch(one, encodeBatch(one, sent)).columns;
        assert.deepEqual(
          got?.map((v) => (v === null ? null : v + 0)),
          expected,
        );
      }),
    );
  });

  test('cut anywhere before its states is refused with one code', () => {
    const { states: _, ...columnsOnly } = batch;
    const bytes = encodeBatch(dictionary, columnsOnly);
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => decodeBatch(dictionary, bytes.subarray(0, length)), { code: 'ERR_BATCH_FORMAT' });
    }
  });

  test('whose states inflate without end is refused', () => {
    const bytes = encodeBatch(dictionary, { ...batch, states: { bomb: 'x'.repeat(400_000) } });
    assert.ok(bytes.length < 2000);
    assert.throws(() => decodeBatch(dictionary, bytes), { code: 'ERR_BATCH_FORMAT' });
  });

  test('of arbitrary bytes never gives anything but a batch or a TelemetryError', () => {
    const prefix = encodeBatch(dictionary, batch).subarray(0, 22);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (noise) => {
        try {
          decodeBatch(dictionary, Buffer.concat([prefix, noise]));
        } catch (error) {
          assert.equal((error as Error).name, 'TelemetryError');
        }
      }),
    );
  });
});

describe('decodeBatch refuses', () => {
  const bytes = encodeBatch(dictionary, batch);
  const withByte = (at: number, value: number) => Buffer.from(bytes).fill(value, at, at + 1);
  const other = createDictionary([{ metric: 'cpu.total', instance: '', scale: 100 }]);
  const cases = [
    { name: 'another dictionary', code: 'ERR_BATCH_FORMAT', dictionary: other, bytes },
    { name: 'an unknown version', code: 'ERR_BATCH_VERSION', dictionary, bytes: withByte(0, 9) },
    { name: 'an unknown flag', code: 'ERR_BATCH_FORMAT', dictionary, bytes: withByte(1, 0x80) },
    { name: 'no points', code: 'ERR_BATCH_FORMAT', dictionary, bytes: withByte(13, 0) },
    { name: 'more points than it holds', code: 'ERR_BATCH_FORMAT', dictionary, bytes: withByte(12, 0x0f) },
  ];
  for (const c of cases) {
    test(c.name, () =>
      assert.throws(() => decodeBatch(c.dictionary, c.bytes), { name: 'TelemetryError', code: c.code }),
    );
  }
});

describe('parseDictionary', () => {
  test('gives back what createDictionary made', () => {
    assert.deepEqual(parseDictionary(dictionary.bytes), dictionary);
  });

  const cases = [
    { name: 'bytes that are not JSON', bytes: Buffer.from('[[') },
    { name: 'an empty list', bytes: createDictionary([]).bytes },
    { name: 'a series listed twice', bytes: createDictionary([dictionary.series[0]!, dictionary.series[0]!]).bytes },
    { name: 'a scale of 0', bytes: createDictionary([{ metric: 'm', instance: '', scale: 0 }]).bytes },
    {
      name: 'a name over the limit',
      bytes: createDictionary([{ metric: 'm'.repeat(300), instance: '', scale: 1 }]).bytes,
    },
  ];
  for (const c of cases) {
    test(`refuses ${c.name}`, () => assert.throws(() => parseDictionary(c.bytes), { code: 'ERR_DICTIONARY_FORMAT' }));
  }
});
