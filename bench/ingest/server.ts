import { once } from 'node:events';
import pino from 'pino';
import { loadConfig, startServer } from '../../apps/server/src/index.ts';

/* The real server in a process of its own; tells its parent what CPU it has used when asked. */
const [file = '', dataDir = ''] = process.argv.slice(2);
const config = await loadConfig({ file, env: {}, flags: { 'server.data_dir': dataDir }, production: false });
const server = await startServer({ config, log: pino({ level: 'warn' }, pino.destination(2)) });
process.send?.('ready');
process.on('message', (message) => {
  if (message === 'usage') process.send?.({ cpu: process.cpuUsage(), memory: process.memoryUsage().rss });
});
await once(process, 'SIGTERM');
await server.close();
process.exit(0);
