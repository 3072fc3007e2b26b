/** Why a request was refused. Codes are API: add freely, never rename. */
export type GuardErrorCode =
  | 'ERR_CROSS_SITE' // the browser says that the request comes from another site
  | 'ERR_ORIGIN' // the request comes from another origin, or sends cookies without saying from where
  | 'ERR_CSRF_TOKEN' // the token of the session is missing, or of another session
  | 'ERR_RATE_LIMIT'; // too many requests; see the Retry-After header

const STATUS: Readonly<Record<GuardErrorCode, number>> = {
  ERR_CROSS_SITE: 403,
  ERR_ORIGIN: 403,
  ERR_CSRF_TOKEN: 403,
  ERR_RATE_LIMIT: 429,
};

/** The only error class this package throws on purpose. Switch on `code`, not on `message`. */
export class GuardError extends Error {
  override readonly name = 'GuardError';
  readonly code: GuardErrorCode;
  /** Fastify answers with this where the app has no error handler of its own. */
  readonly statusCode: number;

  constructor(code: GuardErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.statusCode = STATUS[code];
  }
}
