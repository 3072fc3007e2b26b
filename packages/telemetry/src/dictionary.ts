import { createHash } from 'node:crypto';
import { TelemetryError } from './errors.ts';

/** One column of a batch. `scale`: values travel as whole numbers of 1/scale. */
export interface Series {
  readonly metric: string;
  /** Which one, where a machine has several; '' otherwise. */
  readonly instance: string;
  readonly scale: number;
}

/**
 * The columns of a batch, in order. It is sent once and then named by its hash, since names are several times longer
 * than the numbers below them.
 */
export interface Dictionary {
  readonly series: readonly Series[];
  /** SHA-256 of `bytes`, first 8 bytes. Says which, not that it is genuine: the frame's tag does that. */
  readonly hash: Buffer;
  /** JSON in UTF-8: [[metric, instance, scale], …]. */
  readonly bytes: Buffer;
}

export const DICTIONARY_HASH_BYTES = 8;
const SERIES_MAX = 4096;
const NAME_LENGTH_MAX = 256;

export function createDictionary(series: readonly Series[]): Dictionary {
  const bytes = Buffer.from(JSON.stringify(series.map(({ metric, instance, scale }) => [metric, instance, scale])));
  return { series, hash: dictionaryHash(bytes), bytes };
}

/** @throws TelemetryError ERR_DICTIONARY_FORMAT */
export function parseDictionary(bytes: Uint8Array): Dictionary {
  let rows: unknown;
  try {
    rows = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new TelemetryError('ERR_DICTIONARY_FORMAT', 'the series dictionary is not JSON', { cause });
  }
  if (!Array.isArray(rows) || rows.length === 0 || rows.length > SERIES_MAX) {
    throw new TelemetryError('ERR_DICTIONARY_FORMAT', `a series dictionary lists 1 to ${SERIES_MAX} series`);
  }
  const seen = new Set<string>();
  const series = rows.map((row: unknown): Series => {
    if (!isSeriesRow(row)) throw new TelemetryError('ERR_DICTIONARY_FORMAT', 'a series is [metric, instance, scale]');
    const [metric, instance, scale] = row;
    const key = `${metric}\n${instance}`;
    if (seen.has(key)) throw new TelemetryError('ERR_DICTIONARY_FORMAT', 'a series is listed twice');
    seen.add(key);
    return { metric, instance, scale };
  });
  return { series, hash: dictionaryHash(bytes), bytes: Buffer.from(bytes) };
}

function isSeriesRow(row: unknown): row is [string, string, number] {
  return Array.isArray(row) && row.length === 3 && isName(row[0]) && isName(row[1]) && isScale(row[2]);
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && name.length <= NAME_LENGTH_MAX;
}

function isScale(scale: unknown): boolean {
  return Number.isInteger(scale) && Number(scale) >= 1 && Number(scale) <= 1000;
}

function dictionaryHash(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest().subarray(0, DICTIONARY_HASH_BYTES);
}
