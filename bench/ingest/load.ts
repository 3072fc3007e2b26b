import { connect, type TLSSocket } from 'node:tls';
import { AGENT_PATHS, CONTENT_TYPES } from '@bulwark/protocol';
import {
  dictionary,
  encodeReport,
  type SimulatedAgent,
  simulateMachine,
  startBoot,
} from '../../testing/simulated-fleet.ts';

/*
 * The agents of the bench, in a process of their own. Frames are sealed before the clock starts, and requests are
 * written to TLS sockets as bytes: the load must cost less than the server that it measures. Each connection has one
 * request under way, as an agent has.
 */

interface Order {
  readonly port: number;
  readonly ca: string;
  readonly agents: readonly SimulatedAgent[];
  readonly connections: number;
  /** Times that it will be told to go, and what each agent reports each time. */
  readonly turns: number;
  readonly reportsPerTurn: number;
  readonly intervalMs: number;
  readonly states: Record<string, unknown> | undefined;
}

process.once('message', (order: Order) => {
  run(order).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});

async function run(order: Order): Promise<void> {
  const { agents, connections, turns, reportsPerTurn, intervalMs, states } = order;
  const start = Date.now();
  const first: Buffer[] = [];
  const queues: Buffer[][][] = Array.from({ length: turns }, () => Array.from({ length: connections }, () => []));
  const boots = agents.map((agent, i) => ({ agent, sealer: startBoot(agent), next: simulateMachine(i) }));
  for (const { agent, sealer } of boots) first.push(post(agent, sealer.seal('dictionary', dictionary.bytes)));
  for (let n = 0; n < turns * reportsPerTurn; n++) {
    const queue = queues[Math.floor(n / reportsPerTurn)];
    boots.forEach(({ agent, sealer, next }, i) => {
      const time = start + n * intervalMs;
      queue?.[i % connections]?.push(
        post(agent, sealer.seal('batch', encodeReport(next(time), time, intervalMs, states))),
      );
    });
  }

  const sockets = await Promise.all(Array.from({ length: connections }, () => open(order)));
  await Promise.all(
    sockets.map((socket, i) =>
      sendAll(
        socket,
        first.filter((_, j) => j % connections === i),
      ),
    ),
  );
  process.send?.('warm');

  for (const queue of queues) {
    await new Promise((resolve) => process.once('message', resolve));
    const startedAt = performance.now();
    const latencies = await Promise.all(sockets.map((socket, i) => sendAll(socket, queue[i] ?? [])));
    const seconds = (performance.now() - startedAt) / 1000;
    const sorted = Float64Array.from(latencies.flat()).sort();
    process.send?.({
      seconds,
      reports: sorted.length,
      p50: sorted[Math.floor(sorted.length * 0.5)],
      p99: sorted[Math.floor(sorted.length * 0.99)],
    });
  }
  for (const socket of sockets) socket.destroy();
}

function post({ token }: SimulatedAgent, frame: Buffer): Buffer {
  const head =
    `POST ${AGENT_PATHS.ingest} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\n` +
    `content-type: ${CONTENT_TYPES.frame}\r\ncontent-length: ${frame.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), frame]);
}

function open({ port, ca }: Order): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca }, () => resolve(socket));
    socket.setNoDelay(true);
    socket.once('error', reject);
  });
}

/** One after the other; an answer other than 200 ends the bench. */
function sendAll(socket: TLSSocket, requests: readonly Buffer[]): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const latencies: number[] = [];
    let at = 0;
    let sentAt = 0;
    let received = '';
    const next = () => {
      const request = requests[at++];
      if (!request) {
        socket.off('data', onData);
        resolve(latencies);
        return;
      }
      sentAt = performance.now();
      socket.write(request);
    };
    const onData = (chunk: Buffer) => {
      received += chunk.toString('latin1');
      const headEnd = received.indexOf('\r\n\r\n');
      // The answer's body ends with the brace of its one object.
      if (headEnd < 0 || !received.endsWith('}')) return;
      if (!received.startsWith('HTTP/1.1 200')) {
        reject(new Error(`the server answered: ${received.slice(0, 12)} ${received.slice(headEnd + 4)}`));
        return;
      }
      received = '';
      latencies.push(performance.now() - sentAt);
      next();
    };
    socket.on('data', onData);
    next();
  });
}
