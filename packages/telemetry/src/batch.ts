import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { DICTIONARY_HASH_BYTES, type Dictionary } from './dictionary.ts';
import { TelemetryError } from './errors.ts';
import { VALUE_MAX, VarintReader, VarintWriter } from './varint.ts';

/** Samples of one machine: `columns[i][j]` is series i of the dictionary at `startMs + j * stepMs`; null is a gap. */
export interface Batch {
  /** ms since the epoch, by the machine's clock. */
  readonly startMs: number;
  readonly stepMs: number;
  readonly points: number;
  readonly columns: readonly (readonly (number | null)[])[];
  /** Documents that go along with the numbers: any JSON object; the receiver has its schema. */
  readonly states?: Record<string, unknown>;
}

/*
 * Bytes, big-endian; stored and sent, so they cannot change:
 *   u8 version 1 · u8 flags · u48 startMs · u32 stepMs · u16 points · dictionary hash (8)
 *   flags bit 0: states follow the columns · bit 1: a gap bitmap precedes them (bit set = gap, series-major)
 *   · bit 2: the states are raw deflate (RFC 1951)
 *   columns, in the dictionary's order: the values that are there, the first as it is and the others as the difference
 *   to the one before, each value × scale as varint.ts writes it
 *   states: JSON in UTF-8, to the end
 */
const VERSION = 1;
const HEADER_BYTES = 14 + DICTIONARY_HASH_BYTES;
const FLAG_STATES = 1;
const FLAG_GAPS = 2;
const FLAG_DEFLATED = 4;
const POINTS_MAX = 4096;
const CELLS_MAX = 1_000_000;
/** Below this deflate gains nothing. */
const DEFLATE_FROM_BYTES = 128;
/** A few bytes inflate to megabytes, so the receiver says where to stop. */
const STATES_BYTES_MAX = 256 * 1024;

/**
 * @throws TelemetryError ERR_BATCH_FORMAT when the columns do not fit the dictionary: a caller's bug
 */
export function encodeBatch(dictionary: Dictionary, batch: Batch): Buffer {
  const { series } = dictionary;
  if (batch.columns.length !== series.length || batch.columns.some((column) => column.length !== batch.points)) {
    throw new TelemetryError(
      'ERR_BATCH_FORMAT',
      `wanted ${series.length} columns of ${batch.points} points, got ${batch.columns.length} columns`,
    );
  }
  const states = batch.states && Buffer.from(JSON.stringify(batch.states));
  const deflated = states && states.length >= DEFLATE_FROM_BYTES ? deflateRawSync(states) : undefined;
  const hasGaps = batch.columns.some((column) => column.some(isGap));
  const writer = new VarintWriter();

  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = VERSION;
  header[1] = (states ? FLAG_STATES : 0) | (hasGaps ? FLAG_GAPS : 0) | (deflated ? FLAG_DEFLATED : 0);
  header.writeUIntBE(batch.startMs, 2, 6);
  header.writeUInt32BE(batch.stepMs, 8);
  header.writeUInt16BE(batch.points, 12);
  dictionary.hash.copy(header, 14);
  writer.raw(header);

  if (hasGaps) writer.raw(gapBitmap(batch));
  batch.columns.forEach((column, i) => {
    const scale = series[i]?.scale ?? 1;
    let before = 0;
    for (const value of column) {
      if (isGap(value)) continue;
      const scaled = clamp(Math.round(value * scale));
      writer.integer(scaled - before);
      before = scaled;
    }
  });
  if (states) writer.raw(deflated ?? states);
  return Buffer.from(writer.finish());
}

/** What `decodeBatch` needs to be given: the dictionary's hash. @throws TelemetryError ERR_BATCH_FORMAT, ERR_BATCH_VERSION */
export function batchDictionaryHash(bytes: Uint8Array): Uint8Array {
  if (bytes.length < HEADER_BYTES) throw new TelemetryError('ERR_BATCH_FORMAT', 'the batch is cut short');
  if (bytes[0] !== VERSION)
    throw new TelemetryError('ERR_BATCH_VERSION', `batch version ${bytes[0]} is not known here`);
  return bytes.subarray(14, HEADER_BYTES);
}

/**
 * @param dictionary The one whose hash `batchDictionaryHash` gave.
 * @param options.withStates false leaves the states unread, where only numbers are wanted.
 * @throws TelemetryError ERR_BATCH_FORMAT, ERR_BATCH_VERSION
 */
export function decodeBatch(dictionary: Dictionary, bytes: Uint8Array, { withStates = true } = {}): Batch {
  if (!dictionary.hash.equals(batchDictionaryHash(bytes))) {
    throw new TelemetryError('ERR_BATCH_FORMAT', 'the batch belongs to another series dictionary');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint8(1);
  const startMs = view.getUint16(2) * 2 ** 32 + view.getUint32(4);
  const stepMs = view.getUint32(8);
  const points = view.getUint16(12);
  const cells = points * dictionary.series.length;
  if (
    (flags & ~(FLAG_STATES | FLAG_GAPS | FLAG_DEFLATED)) !== 0 ||
    points === 0 ||
    points > POINTS_MAX ||
    cells > CELLS_MAX
  ) {
    throw new TelemetryError('ERR_BATCH_FORMAT', 'the batch has unknown flags or too many points');
  }

  const reader = new VarintReader(bytes, HEADER_BYTES);
  const gaps = flags & FLAG_GAPS ? reader.raw(Math.ceil(cells / 8)) : undefined;
  const columns = dictionary.series.map(({ scale }, i) => {
    const column: (number | null)[] = new Array(points);
    let scaled = 0;
    for (let j = 0; j < points; j++) {
      if (gaps && bitAt(gaps, i * points + j)) {
        column[j] = null;
        continue;
      }
      scaled += reader.integer();
      if (Math.abs(scaled) > VALUE_MAX) throw new TelemetryError('ERR_BATCH_FORMAT', 'a value is out of range');
      column[j] = scaled / scale;
    }
    return column;
  });

  if (!withStates) return { startMs, stepMs, points, columns };
  const rest = reader.rest();
  if ((flags & FLAG_STATES) === 0) {
    if (rest.length > 0) throw new TelemetryError('ERR_BATCH_FORMAT', 'the batch has trailing bytes');
    return { startMs, stepMs, points, columns };
  }
  return { startMs, stepMs, points, columns, states: decodeStates(rest, (flags & FLAG_DEFLATED) !== 0) };
}

function decodeStates(bytes: Uint8Array, isDeflated: boolean): Record<string, unknown> {
  let states: unknown;
  try {
    const json = isDeflated ? inflateRawSync(bytes, { maxOutputLength: STATES_BYTES_MAX }) : Buffer.from(bytes);
    states = JSON.parse(json.toString('utf8'));
  } catch (cause) {
    throw new TelemetryError('ERR_BATCH_FORMAT', 'the states of the batch cannot be read', { cause });
  }
  if (typeof states !== 'object' || states === null || Array.isArray(states)) {
    throw new TelemetryError('ERR_BATCH_FORMAT', 'the states of the batch are not an object');
  }
  return states as Record<string, unknown>;
}

function gapBitmap({ columns, points }: Batch): Buffer {
  const bits = Buffer.alloc(Math.ceil((columns.length * points) / 8));
  columns.forEach((column, i) => {
    column.forEach((value, j) => {
      const at = i * points + j;
      if (isGap(value)) bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
    });
  });
  return bits;
}

function bitAt(bits: Uint8Array, at: number): boolean {
  return ((bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0;
}

/** NaN and the infinities are no measurements. */
function isGap(value: number | null): value is null {
  return value === null || !Number.isFinite(value);
}

function clamp(value: number): number {
  return Math.max(-VALUE_MAX, Math.min(VALUE_MAX, value));
}
