import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ActiveSession } from './access.ts';
import { RequestError } from './errors.ts';

/** A stream of server-sent events (HTML standard, 9.2) to one page. */
export interface EventStream {
  /** Dropped where the page reads too slowly: the next event tells it all it needs. */
  send(event: string, data: unknown): void;
  onClose(listener: () => void): void;
}

export interface EventStreams {
  /** Takes the reply over: the route's handler returns nothing more. */
  open(request: FastifyRequest, reply: FastifyReply): EventStream;
  close(): void;
}

/** Keeps proxies from closing a quiet stream, and finds out that a session has ended. */
const HEARTBEAT_MS = 15_000;
/** What may wait for a slow page before events are dropped. */
const BUFFERED_BYTES_MAX = 256 * 1024;

/** A person has a few tabs open, not more. */
const STREAMS_PER_SESSION_MAX = 32;

interface Deps {
  /** Calls back with the id of a session that ends. */
  readonly onSessionEnd: (listener: (sessionId: string) => void) => () => void;
  readonly isAlive: (session: ActiveSession) => boolean;
}

/** All open streams of the server, so that they end with their session and with the server. */
export function createEventStreams({ onSessionEnd, isAlive }: Deps): EventStreams {
  const ends = new Map<() => void, ActiveSession>();
  const stopListening = onSessionEnd((sessionId) => {
    for (const [end, session] of ends) if (session.id === sessionId) end();
  });

  return {
    open(request, reply) {
      const { session } = request;
      const open = [...ends.values()].filter(({ id }) => id === session.id).length;
      if (open >= STREAMS_PER_SESSION_MAX) throw new RequestError('ERR_RATE_LIMIT', { retryAfterSeconds: 60 });
      reply.hijack();
      const { raw } = reply;
      const listeners: (() => void)[] = [];
      raw.writeHead(200, {
        ...reply.getHeaders(),
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      } as Record<string, string>);
      raw.write('retry: 3000\n\n');

      const end = () => raw.end();
      ends.set(end, session);
      const heartbeat = setInterval(() => (isAlive(session) ? raw.write(': \n\n') : end()), HEARTBEAT_MS);
      raw.on('close', () => {
        clearInterval(heartbeat);
        ends.delete(end);
        for (const listener of listeners) listener();
      });

      return {
        send(event, data) {
          if (raw.writableEnded || raw.writableLength > BUFFERED_BYTES_MAX) return;
          raw.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
        },
        onClose: (listener) => listeners.push(listener),
      };
    },
    close() {
      stopListening();
      for (const end of [...ends.keys()]) end();
    },
  };
}
