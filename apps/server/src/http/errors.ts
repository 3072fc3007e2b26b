/**
 * Every code that the API answers with, its status, and what it says to people. Codes are API: add freely, never
 * rename. Errors of @bulwark/guard bring their own.
 */
export const API_ERRORS = {
  ERR_INPUT: [400, 'The request is not in the wanted form.'],
  ERR_PASSWORD_WEAK: [400, 'This password is too easy to guess.'],
  ERR_SESSION: [401, 'Sign in first.'],
  ERR_SIGN_IN: [401, 'Wrong name or password.'],
  ERR_ROLE: [403, 'Your role does not allow this.'],
  ERR_SETUP_TOKEN: [403, 'This set-up link is not valid. Use the one that the server printed at its last start.'],
  ERR_ENROLMENT_REFUSED: [403, 'The enrolment was refused.'],
  ERR_NOT_FOUND: [404, 'There is nothing here.'],
  ERR_METHOD: [405, 'This cannot be done here.'],
  ERR_SETUP_DONE: [409, 'The first administrator exists already. Sign in instead.'],
  ERR_MACHINE_KNOWN: [409, 'An agent with these keys is enrolled already.'],
  ERR_TOO_LARGE: [413, 'The request is too large.'],
  ERR_URL_LENGTH: [414, 'The address is too long.'],
  ERR_CONTENT_TYPE: [415, 'The request body must be application/json.'],
  ERR_RATE_LIMIT: [429, 'Too many requests. Try again later.'],
  ERR_INTERNAL: [500, 'Something went wrong in the server.'],
  ERR_BUSY: [503, 'The server is busy. Try again in a moment.'],
  ERR_CONSOLE_MISSING: [503, 'The web console is not built. Run: npm run build'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type ApiErrorCode = keyof typeof API_ERRORS;

interface ApiErrorOptions extends ErrorOptions {
  /** In place of the code's message. It goes to the client: no input, no secret. */
  message?: string;
  retryAfterSeconds?: number;
}

/** A refusal that the client is told of. Anything else that is thrown becomes ERR_INTERNAL. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: ApiErrorCode;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ApiErrorCode,
    { message = API_ERRORS[code][1], retryAfterSeconds, ...options }: ApiErrorOptions = {},
  ) {
    super(message, options);
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
