import { parseArgs } from 'node:util';
import { reencryptUnderFire } from '../../packages/fields/testing/reencrypt-scenario.ts';
import { onEngine } from '../fields/on-engine.ts';

const HELP = `usage: npm run bench -- reencrypt [options]

Fills a table with sealed rows, rotates the keys and re-encrypts the table in a process that is killed again and again,
while another one changes, adds and deletes rows. Then opens each row and compares it: fails if one is lost, wrong or left
under an old key. Both databases are on disk and durable.

  --rows N      rows (default 1000000); of too few the job may be done before it is killed, and the bench fails
  --kills N     times the job is killed (default 10)
  --engine E    postgres or sqlite (default postgres)
  --json        one JSON object instead of the lines
`;

export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rows: { type: 'string', default: '1000000' },
      kills: { type: 'string', default: '10' },
      engine: { type: 'string', default: 'postgres' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const result = await onEngine(values.engine, async (openUrl) =>
    reencryptUnderFire(await openUrl(), Number(values.rows), Number(values.kills)),
  );
  if (values.json) return void process.stdout.write(`${JSON.stringify({ engine: values.engine, ...result })}\n`);
  const { rows, kills, writes, rowsPerSecond, seconds, peakMemory } = result;
  const number = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 0 });
  process.stdout.write(`${values.engine}: ${number(rows)} rows re-encrypted, none lost, none wrong, none under an old key
  killed            ${kills} times
  written meanwhile ${number(writes)} rows
  rows a second     ${number(rowsPerSecond)} while the job ran
  in all            ${number(seconds)} s, with the waits after each kill
  memory of the job ${number(peakMemory)} MiB at most
`);
}
