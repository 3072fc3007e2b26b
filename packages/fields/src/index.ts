export type { Stored } from './cell-cipher.ts';
export { FieldsError, type FieldsErrorCode } from './errors.ts';
export type { FieldEvent, FieldEventType, FieldMetrics } from './events.ts';
export {
  apiSecret,
  bigint,
  boolean,
  bytes,
  date,
  day,
  email,
  type Field,
  type FieldOptions,
  json,
  name,
  number,
  phone,
  type Search,
  text,
  type UnsearchableOptions,
} from './field.ts';
export type { FieldType } from './field-type.ts';
export { type Fields, type FieldsHealth, type FieldsOptions, type KeyAge, openFields } from './fields.ts';
export { bcryptHash, fernet, type LegacyReader, plainText } from './legacy.ts';
export { type MembersOptions, openMembers, sealMembers } from './members.ts';
export { newRowId } from './new-row-id.ts';
export { redactor } from './redact.ts';
export { type Row, rowIdOf, scopeOf } from './row-id.ts';
export { type FieldStates, PHASES, type Phase, SETTLED } from './states.ts';
export {
  type EncryptedTable,
  encrypted,
  type FieldMap,
  type PlainFields,
  type ResolvedField,
  type ResolvedIndex,
  type TableOptions,
} from './table.ts';
export { type Known, type SearchTerm, type TableCipher, unsupported } from './table-cipher.ts';
