/** Why a frame was refused. The agent acts on the code; codes are API: add freely, never rename. */
export const INGEST_ERRORS = {
  ERR_AGENT_UNKNOWN: { status: 401, message: 'no agent has this token' },
  ERR_AGENT_REVOKED: { status: 403, message: 'this agent was revoked: enrol the machine again' },
  ERR_FRAME_CLEAR: { status: 415, message: 'reports travel sealed, as application/vnd.bulwark.frame' },
  ERR_FRAME_TOO_LARGE: { status: 413, message: 'a frame has at most 1 MiB' },
  ERR_FRAME_FORMAT: { status: 400, message: 'not a sealed frame' },
  ERR_FRAME_VERSION: { status: 400, message: 'a frame of a version that this server does not know' },
  ERR_FRAME_AGENT: { status: 403, message: 'the frame is of another agent than the token' },
  ERR_FRAME_OPEN: { status: 400, message: 'the frame does not open' },
  ERR_FRAME_REPLAYED: { status: 409, message: 'the frame was received before' },
  ERR_BATCH_INVALID: { status: 422, message: 'the frame opened, but what it carries is not valid' },
  ERR_DICTIONARY_NEEDED: { status: 424, message: 'send the series dictionary first' },
  ERR_TOO_MANY_FRAMES: { status: 429, message: 'more frames than an agent may send' },
  ERR_STORE_UNAVAILABLE: { status: 503, message: 'the report could not be stored: send it again later' },
} as const;

export type IngestErrorCode = keyof typeof INGEST_ERRORS;

/** The only error class of ingest. Its message is fixed by the code: nothing of the frame can get into it. */
export class IngestError extends Error {
  override readonly name = 'IngestError';
  readonly code: IngestErrorCode;

  constructor(code: IngestErrorCode, options?: ErrorOptions) {
    super(INGEST_ERRORS[code].message, options);
    this.code = code;
  }
}
