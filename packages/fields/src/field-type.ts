import type { Normaliser } from '@bulwark/crypto';
import { FieldsError } from './errors.ts';

/** How values of one type become bytes to seal, and back. */
export interface FieldType<T> {
  readonly name: string;
  /** @throws FieldsError ERR_VALUE_TYPE; the value is not echoed */
  encode(value: T): Uint8Array;
  decode(bytes: Buffer): T;
  /** What a plain column gives, as a value of this type: databases know no dates, booleans or JSON of ours. */
  fromPlain(stored: unknown): T;
  /** What equality search compares; undefined where a search would tell too much or means nothing. */
  readonly searchText: ((value: T) => string) | undefined;
  readonly normaliser: Normaliser;
  /** Largest value, in bytes, unless the field says otherwise. */
  readonly maxBytes: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** Text in Unicode; one with a lone surrogate is refused, since it has no UTF-8. */
export function textType(normaliser: Normaliser, maxBytes = 64 * KIB, isSearchable = true): FieldType<string> {
  return {
    name: 'text',
    encode(value) {
      if (typeof value !== 'string') throw typeError('text');
      if (!value.isWellFormed()) throw typeError('text without lone surrogates');
      return Buffer.from(value, 'utf8');
    },
    decode: (bytes) => bytes.toString('utf8'),
    fromPlain(stored) {
      // Of an object it would be [object Object].
      if (typeof stored === 'object' && !(stored instanceof Date)) throw typeError('text');
      return typeof stored === 'string' ? stored : String(stored);
    },
    searchText: isSearchable ? (value) => value : undefined,
    normaliser,
    maxBytes,
  };
}

/** A finite number; -0 and every bit of a double come back. */
export const numberType: FieldType<number> = {
  name: 'number',
  encode(value) {
    if (typeof value !== 'number' || !Number.isFinite(value)) throw typeError('a finite number');
    return Buffer.from(numberText(value));
  },
  decode: (bytes) => Number(bytes.toString('latin1')),
  fromPlain: (stored) => Number(stored),
  // 0 and -0 are equal to everyone who compares numbers.
  searchText: (value) => numberText(value === 0 ? 0 : value),
  normaliser: 'exact',
  maxBytes: 64,
};

/** A whole number of any size. */
export const bigintType: FieldType<bigint> = {
  name: 'bigint',
  encode(value) {
    if (typeof value !== 'bigint') throw typeError('a bigint');
    return Buffer.from(value.toString());
  },
  decode: (bytes) => bigintOf(bytes.toString('latin1')),
  fromPlain: (stored) => bigintOf(stored as string | number | bigint),
  searchText: (value) => value.toString(),
  normaliser: 'exact',
  maxBytes: KIB,
};

/** Too few values to search for: an index of them would be a table of who has which. */
export const booleanType: FieldType<boolean> = {
  name: 'boolean',
  encode(value) {
    if (typeof value !== 'boolean') throw typeError('true or false');
    return Buffer.from(value ? '1' : '0');
  },
  decode: (bytes) => bytes.toString('latin1') === '1',
  fromPlain: (stored) => stored === true || stored === 1 || stored === '1' || stored === 't' || stored === 'true',
  searchText: undefined,
  normaliser: 'exact',
  maxBytes: 1,
};

/** A moment: the same for every time zone, to the millisecond. */
export const dateType: FieldType<Date> = {
  name: 'date',
  encode(value) {
    if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw typeError('a valid Date');
    return Buffer.from(value.toISOString());
  },
  decode: (bytes) => new Date(bytes.toString('latin1')),
  fromPlain: (stored) => (stored instanceof Date ? stored : new Date(stored as string | number)),
  searchText: (value) => value.toISOString(),
  normaliser: 'exact',
  maxBytes: 32,
};

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** A day of the calendar, `2026-11-22`: a birthday has no time zone, and must not move when it is read in another one. */
export const dayType: FieldType<string> = {
  name: 'day',
  encode(value) {
    const at = typeof value === 'string' && DAY.test(value) ? new Date(`${value}T00:00:00Z`) : new Date(Number.NaN);
    if (Number.isNaN(at.getTime()) || !at.toISOString().startsWith(value)) throw typeError('a day as YYYY-MM-DD');
    return Buffer.from(value);
  },
  decode: (bytes) => bytes.toString('latin1'),
  // Drivers that give a Date for a day give its midnight on this machine.
  fromPlain: (stored) => (stored instanceof Date ? localDay(stored) : String(stored).slice(0, 10)),
  searchText: (value) => value,
  normaliser: 'exact',
  maxBytes: 10,
};

/** Bytes as they are. */
export const bytesType: FieldType<Uint8Array> = {
  name: 'bytes',
  encode(value) {
    if (!(value instanceof Uint8Array)) throw typeError('a Uint8Array');
    return value;
  },
  decode: (bytes) => bytes,
  fromPlain: (stored) => stored as Uint8Array,
  searchText: undefined,
  normaliser: 'exact',
  maxBytes: 16 * MIB,
};

/** Any value that JSON has. */
export function jsonType<T>(): FieldType<T> {
  return {
    name: 'json',
    encode: (value) => Buffer.from(jsonText(value)),
    decode: (bytes) => jsonValue(bytes.toString('utf8')) as T,
    fromPlain: (stored) => (typeof stored === 'string' ? jsonValue(stored) : stored) as T,
    searchText: undefined,
    normaliser: 'exact',
    maxBytes: 16 * MIB,
  };
}

/** A value as JSON text. @throws FieldsError ERR_VALUE_TYPE (functions, undefined, cycles, bigints) */
export function jsonText(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // The error of JSON.stringify names members of the value.
  }
  if (text === undefined) throw typeError('a value that JSON has');
  return text;
}

/** A value from JSON text. @throws FieldsError ERR_VALUE_TYPE */
function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw typeError('JSON text'); // the error of JSON.parse quotes the text
  }
}

function bigintOf(stored: string | number | bigint): bigint {
  try {
    return BigInt(stored);
  } catch {
    throw typeError('a whole number'); // the error of BigInt quotes it
  }
}

function typeError(wanted: string): FieldsError {
  return new FieldsError('ERR_VALUE_TYPE', `value must be ${wanted}`);
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function localDay(date: Date): string {
  const two = (part: number) => String(part).padStart(2, '0');
  return `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
