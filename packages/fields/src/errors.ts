/** Why a field could not be sealed, opened or searched. Codes are API: add freely, never rename. */
export type FieldsErrorCode =
  | 'ERR_DECLARATION' // a table's declaration contradicts itself; the message says where
  | 'ERR_FIELD_UNKNOWN' // caller bug: no such table or field was declared
  | 'ERR_VALUE_TYPE' // a value is not of its field's type
  | 'ERR_VALUE_TOO_LARGE' // a value is longer than its field's limit
  | 'ERR_VALUE_LOOKS_SEALED' // plain text that begins like a sealed value, in a column that is still read as either
  | 'ERR_ROW_ID_MISSING' // the field is bound to its row, and the row's id is not known yet
  | 'ERR_SCOPE_MISSING' // nobody said which tenant's keys to use
  | 'ERR_RECORD_PARTIAL' // a record is sealed as a whole: change all of its fields, or none
  | 'ERR_NOT_SEALED' // stored in clear, in a column that is not in a recorded migration
  | 'ERR_OPEN_FAILED' // altered, moved, or sealed under a key that is not ours; deliberately one code
  | 'ERR_UNSUPPORTED_QUERY' // sorting, ranges, LIKE and the like need plain text, which the database does not have
  | 'ERR_MIGRATION_STATE' // the phase of a migration does not allow the step
  | 'ERR_DRIFT' // the plain and the sealed column of a field hold different values
  | 'ERR_INDEX_WRONG' // a blind index is not that of its value
  | 'ERR_ROW_BUSY' // others changed a row each time a job came to write it; run the job again
  | 'ERR_JOB_RUNNING' // another process works on this job
  | 'ERR_VERIFY_FAILED'; // what is stored is not what it should be; the report says where

/** The error class of this package. Errors of keys (`KeyringError`) pass through. Switch on `code`, not on `message`. */
export class FieldsError extends Error {
  override readonly name = 'FieldsError';
  readonly code: FieldsErrorCode;

  constructor(code: FieldsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
