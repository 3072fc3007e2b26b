import type { Normaliser } from '@bulwark/crypto';
import {
  bigintType,
  booleanType,
  bytesType,
  dateType,
  dayType,
  type FieldType,
  jsonType,
  numberType,
  textType,
} from './field-type.ts';
import type { LegacyReader } from './legacy.ts';

/** Equality search over a field. */
export type Search =
  /** 128 bits in a column with a unique constraint: finds a row, and keeps two rows from having equal values. */
  | 'unique'
  /** 128 bits: finds all rows with an equal value. */
  | 'filter'
  /**
   * Cut to so many bits: a search then gives about rows / 2^bits rows too many, which hide the true ones, and which
   * `keepMatches` drops after opening.
   */
  | { readonly filterBits: number };

/** What a field may say of itself. */
export interface FieldOptions {
  /** Name in the database; the field's own by default. Renaming it changes nothing that is stored. */
  readonly column?: string;
  readonly search?: Search;
  /** Column of the blind index; `<column>_index` by default. While its key is rotated `<it>_next` is there too. */
  readonly indexColumn?: string;
  /** Largest value, in bytes of its encoded form; the type's own by default. */
  readonly maxBytes?: number;
  /** Hide how long the value is, up to a factor of √2. */
  readonly pad?: boolean;
  /** What the value cannot leave without failing to open; the table's by default. */
  readonly bind?: 'row' | 'column';
  /** Names that the field had before, under which values were sealed. */
  readonly formerNames?: readonly string[];
  /** What else may be stored in the column, from before it was encrypted. */
  readonly legacy?: readonly LegacyReader[];
  /** The plain column that this field replaces, while a migration is under way. */
  readonly plainColumn?: string;
}

/** A declared field of a table. @template T What the application reads and writes. */
export interface Field<T> extends FieldOptions {
  readonly type: FieldType<T>;
  /** Only these paths inside a JSON value are sealed; the rest is stored in clear. */
  readonly paths?: readonly string[];
  /** Shown nowhere, not even to those who may see the rest of the row in a log. */
  readonly isSecret?: boolean;
}

/** A field whose type has no equality search. */
export type UnsearchableOptions = Omit<FieldOptions, 'search' | 'indexColumn'>;

/** Text, searched as it is written. 64 KiB at most unless `maxBytes` says otherwise. */
export function text(options: FieldOptions & { readonly normaliser?: Normaliser } = {}): Field<string> {
  const { normaliser = 'exact', ...rest } = options;
  return { ...rest, type: textType(normaliser) };
}

/** An e-mail address: searched without regard to case and spaces around. */
export function email(options: FieldOptions = {}): Field<string> {
  return { ...options, type: textType('email', 1024) };
}

/** A telephone number: searched by its digits alone. */
export function phone(options: FieldOptions = {}): Field<string> {
  return { ...options, type: textType('digits', 256) };
}

/** A person's name: searched without regard to case, accents and spacing; padded, since names are short. */
export function name(options: FieldOptions = {}): Field<string> {
  return { pad: true, ...options, type: textType('words', 1024) };
}

/** A token or password of another service: never searched, never printed. */
export function apiSecret(options: UnsearchableOptions = {}): Field<string> {
  return { ...options, isSecret: true, type: textType('exact', 16 * 1024, false) };
}

/** A finite number. */
export function number(options: FieldOptions = {}): Field<number> {
  return { ...options, type: numberType };
}

/** A whole number of any size. */
export function bigint(options: FieldOptions = {}): Field<bigint> {
  return { ...options, type: bigintType };
}

/** True or false. */
export function boolean(options: UnsearchableOptions = {}): Field<boolean> {
  return { ...options, type: booleanType };
}

/** A moment, as a Date. */
export function date(options: FieldOptions = {}): Field<Date> {
  return { ...options, type: dateType };
}

/** A day of the calendar, as `YYYY-MM-DD`. */
export function day(options: FieldOptions = {}): Field<string> {
  return { ...options, type: dayType };
}

/** Bytes; 16 MiB at most. For more, `@bulwark/files`. */
export function bytes(options: UnsearchableOptions = {}): Field<Uint8Array> {
  return { ...options, type: bytesType };
}

/**
 * A value that JSON has; 16 MiB at most.
 *
 * @param paths Only these are sealed, the rest stays readable for the database: `tax_id`, `payment.token`,
 *   `cards.*.number` for each element. Without any the whole value is sealed.
 */
export function json<T = unknown>(
  paths?: readonly string[],
  options: Omit<UnsearchableOptions, 'legacy' | 'pad'> = {},
): Field<T> {
  return { ...options, type: jsonType<T>(), ...(paths && { paths }) };
}
