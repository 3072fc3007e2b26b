import { GuardError } from '@bulwark/guard';
import type { ApiError } from '@bulwark/protocol';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { API_ERRORS, type ApiErrorCode, RequestError } from './errors.ts';

/** Fastify's own refusals of a request. What is not here is a fault of the server. */
const FRAMEWORK_ERRORS: Readonly<Record<string, ApiErrorCode>> = {
  FST_ERR_VALIDATION: 'ERR_INPUT',
  FST_ERR_BAD_URL: 'ERR_INPUT',
  FST_ERR_MAX_PARAM_LENGTH: 'ERR_URL_LENGTH',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'ERR_INPUT',
  FST_ERR_CTP_INVALID_JSON_BODY: 'ERR_INPUT',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'ERR_INPUT',
  FST_ERR_CTP_BODY_TOO_LARGE: 'ERR_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'ERR_CONTENT_TYPE',
};

/** Answers with an ApiError, whatever was thrown. What the client is not told of is in the log, under its request id. */
export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = refusalOf(error);
  if (refusal === undefined) {
    request.log.error({ event: 'request.failed', err: error }, 'request failed');
    return sendError(reply, 500, 'ERR_INTERNAL', `${API_ERRORS.ERR_INTERNAL[1]} Its log has more under ${request.id}.`);
  }
  if (refusal instanceof GuardError) return sendError(reply, refusal.statusCode, refusal.code, refusal.message);
  if (refusal.retryAfterSeconds !== undefined) reply.header('retry-after', refusal.retryAfterSeconds);
  return sendError(reply, API_ERRORS[refusal.code][0], refusal.code, refusal.message);
}

/** The canonical body of everything that is not a success. */
export function apiError(code: string, message: string): ApiError {
  return { error: { code, message } };
}

function sendError(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  // Serialised here, so that no response schema of the route can be in the way.
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(apiError(code, message)));
}

function refusalOf(error: unknown): RequestError | GuardError | undefined {
  if (error instanceof RequestError || error instanceof GuardError) return error;
  if (!(error instanceof Error)) return undefined;
  const { code, validation, validationContext, statusCode } = error as Partial<FastifyError>;
  if (validation) return invalidInput(validation, validationContext);
  const known = code === undefined ? undefined : FRAMEWORK_ERRORS[code];
  if (known !== undefined) return new RequestError(known);
  // The JSON parser's, which have no code of their own: their messages quote the body, so they go no further.
  return error instanceof SyntaxError && statusCode === 400 ? new RequestError('ERR_INPUT') : undefined;
}

/** Names the fields and what is wanted of them, never what was given. */
function invalidInput(problems: NonNullable<FastifyError['validation']>, context = 'request'): RequestError {
  const sentences = problems.slice(0, 8).map(({ keyword, instancePath, message }) => {
    const field = `${context}${instancePath === '/' ? '' : instancePath}`;
    // This one alone quotes the client: the names of the fields it made up.
    return `${field}: ${keyword === 'unrecognized_keys' ? 'has fields that are not known here' : (message ?? keyword)}`;
  });
  return new RequestError('ERR_INPUT', { message: `${API_ERRORS.ERR_INPUT[1]} ${sentences.join('; ')}` });
}
