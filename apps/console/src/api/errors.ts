/** The server could not be reached, or did not answer in time: there is no code of its own to pass on. */
export const UNREACHABLE = 'ERR_UNREACHABLE';

/** Any answer that is not a success. `code` is the server's (ApiError) or UNREACHABLE; `message` is for people. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly code: string;
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;

  constructor(code: string, status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.status = status;
  }
}

/** Words for a person, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof ApiFailure ? error.message : 'Something went wrong in the console. Reload the page.';
}
