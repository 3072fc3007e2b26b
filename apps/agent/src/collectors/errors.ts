/** Why collecting failed. Codes are API: add freely, never rename. */
export type CollectorErrorCode =
  | 'ERR_UNKNOWN_COLLECTOR' // caller bug: a name in `disabled` that no collector has
  | 'ERR_TIMEOUT' // a sensor did not answer within its time
  | 'ERR_STILL_RUNNING' // an earlier try has not come back yet
  | 'ERR_FORMAT'; // a system file or tool answered in an unknown form

/** The only error class collectors throw on purpose. Messages name sensors, never what they measured. */
export class CollectorError extends Error {
  override readonly name = 'CollectorError';
  readonly code: CollectorErrorCode;

  constructor(code: CollectorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
