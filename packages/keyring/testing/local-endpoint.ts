import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** One request, read to its end. */
export interface EndpointRequest {
  readonly method: string;
  /** With the query, as it was sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface EndpointAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** In place of an answer: the connection is cut, or stays silent. */
export type EndpointFault = EndpointAnswer | 'cut' | 'silent';

/** An HTTP server on this machine, for SDKs to talk to. */
export interface LocalEndpoint {
  /** http://127.0.0.1:PORT, the same after `bringBack`. */
  readonly url: string;
  readonly port: number;
  /** Everything that was asked, faults included. */
  readonly requests: readonly EndpointRequest[];
  /** What the next requests get in place of an answer, one each. */
  failNext(...faults: EndpointFault[]): void;
  /** What every request gets until it is called again without. */
  failAll(fault?: EndpointFault): void;
  /** Stops listening and cuts what is open. */
  takeAway(): Promise<void>;
  bringBack(): Promise<void>;
}

/** Starts an endpoint that answers by `answer`. */
export async function startEndpoint(answer: (request: EndpointRequest) => EndpointAnswer): Promise<LocalEndpoint> {
  const requests: EndpointRequest[] = [];
  const queue: EndpointFault[] = [];
  let always: EndpointFault | undefined;

  async function respond(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = incoming;
    const request = { method, url, headers, body: await buffer(incoming) };
    requests.push(request);
    const fault = queue.shift() ?? always;
    if (fault === 'silent') return;
    if (fault === 'cut') {
      response.destroy();
      return;
    }
    const { status, headers: fields = {}, body = {} } = fault ?? answer(request);
    response.writeHead(status, { 'content-type': 'application/json', ...fields }).end(JSON.stringify(body));
  }

  const listener = (incoming: IncomingMessage, response: ServerResponse) => {
    respond(incoming, response).catch((error: unknown) => response.destroy(error as Error));
  };
  let server = await listen(createServer(listener), 0);
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    failNext: (...faults) => void queue.push(...faults),
    failAll(fault) {
      always = fault;
    },
    async takeAway() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
    async bringBack() {
      server = await listen(createServer(listener), port);
    },
  };
}

async function listen(server: Server, port: number): Promise<Server> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
