import type { IncomingMessage, ServerResponse } from 'node:http';
import { CONTENT_TYPES, FRAME_BYTES_MAX } from '@bulwark/protocol';
import type { Logger } from 'pino';
import type { MachineDirectory } from '../machines/directory.ts';
import type { Machine } from '../machines/store.ts';
import { INGEST_ERRORS, IngestError, type IngestErrorCode } from './errors.ts';
import type { Acknowledgement, Ingest } from './service.ts';

interface Deps {
  readonly directory: Pick<MachineDirectory, 'byToken'>;
  readonly ingest: Ingest;
  readonly log: Logger;
}

/**
 * POST /v1/ingest: one sealed frame a request. Not a Fastify route: at thousands of requests a second, routing, schema
 * and serialising would cost more than opening, checking and sealing the frame do. Access is the agent's token, the
 * limit is counted by frames in `service.ts`, the schema is the frame's own.
 */
export function ingestHandler({ directory, ingest, log }: Deps) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const machine = directory.byToken(bearerToken(request));
    const refuse = (error: IngestError) => {
      log.warn(
        { event: 'frame.refused', code: error.code, machine: machine?.id, address: request.socket.remoteAddress },
        'a frame was refused',
      );
      answerError(response, error);
      // A body that was not asked for is read to nowhere as long as it is small; a larger one ends with its connection.
      if (error.code === 'ERR_FRAME_TOO_LARGE') response.on('finish', () => request.destroy());
      else request.resume();
    };

    const problem = refusalOf(request, machine);
    if (problem || !machine) {
      refuse(new IngestError(problem ?? 'ERR_AGENT_UNKNOWN'));
      return;
    }
    readBody(request, (frame) => {
      if (!frame) {
        refuse(new IngestError('ERR_FRAME_TOO_LARGE'));
        return;
      }
      ingest.accept(machine, frame, (result) => {
        if (result instanceof IngestError) refuse(result);
        else acknowledge(response, result);
      });
    });
  };
}

/** What can be said before the body is read. */
function refusalOf({ headers }: IncomingMessage, machine: Machine | undefined): IngestErrorCode | undefined {
  if (!machine) return 'ERR_AGENT_UNKNOWN';
  if (machine.revokedAt !== null) return 'ERR_AGENT_REVOKED';
  if (headers['content-type'] !== CONTENT_TYPES.frame) return 'ERR_FRAME_CLEAR';
  if (Number(headers['content-length'] ?? 0) > FRAME_BYTES_MAX) return 'ERR_FRAME_TOO_LARGE';
  return undefined;
}

function bearerToken({ headers }: IncomingMessage): string {
  const { authorization = '' } = headers;
  return authorization.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : '';
}

/** Calls back once with the whole body, or with nothing as soon as it is larger than a frame may be. */
function readBody(request: IncomingMessage, done: (body: Buffer | undefined) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  const onData = (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length <= FRAME_BYTES_MAX) return;
    request.off('data', onData).off('end', onEnd).pause();
    done(undefined);
  };
  const onEnd = () => done(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, length));
  request.on('data', onData).on('end', onEnd);
}

function acknowledge(response: ServerResponse, { sequence, serverTime, intervalSeconds }: Acknowledgement): void {
  const body = `{"sequence":${sequence},"serverTime":${serverTime},"intervalSeconds":${intervalSeconds}}`;
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

function answerError(response: ServerResponse, { code, message }: IngestError): void {
  if (response.headersSent) return;
  const { status } = INGEST_ERRORS[code];
  const body = JSON.stringify({ error: { code, message } });
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(status === 429 || status === 503 ? { 'retry-after': '5' } : {}),
    ...(status === 413 ? { connection: 'close' } : {}),
  });
  response.end(body);
}
