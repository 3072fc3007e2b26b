import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';

const PATH_LENGTH_MAX = 256;

/**
 * One line a request, when it is done: no query string, no header, no body, since any of them may hold a secret or
 * somebody's data.
 */
export class RequestLog extends LogController {
  override incomingRequest(): void {}
  override routeNotFound(): void {}

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    request.log.info(
      {
        event: 'request',
        method: request.method,
        path: pathOf(request.url),
        status: reply.statusCode,
        address: request.ip,
        ms: Math.round(reply.elapsedTime),
        ...(error ? { err: error } : {}),
      },
      'request',
    );
  }
}

function pathOf(url: string): string {
  const end = url.search(/[?#;]/);
  return (end === -1 ? url : url.slice(0, end)).slice(0, PATH_LENGTH_MAX);
}
