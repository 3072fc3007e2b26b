/** Why bytes were refused. Codes are API: add freely, never rename. */
export type TelemetryErrorCode =
  | 'ERR_BATCH_FORMAT' // not a batch, cut short, or its counts do not add up
  | 'ERR_BATCH_VERSION' // a batch of a format this build does not know
  | 'ERR_DICTIONARY_FORMAT' // not a series dictionary, or over a limit
  | 'ERR_FRAME_FORMAT' // not a frame, or shorter than its header and tag
  | 'ERR_FRAME_VERSION' // a frame of a version, cipher or codec this build does not know
  | 'ERR_FRAME_OPEN' // wrong key, changed header or changed body; deliberately one code
  | 'ERR_ENROLMENT_TOKEN' // cut, mistyped, or no enrolment token at all
  | 'ERR_ENROLMENT_OPEN'; // an enrolment message for another server or agent, or altered

/** The only error class this package throws on purpose. Switch on `code`, not on `message`. */
export class TelemetryError extends Error {
  override readonly name = 'TelemetryError';
  readonly code: TelemetryErrorCode;

  constructor(code: TelemetryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
