import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/* npm run bench -- NAME [options]: runs bench/NAME/bench.ts. Each bench compares its variants in one run. */

/** Benches that stand in another's folder. */
const BESIDE: Readonly<Record<string, string>> = { timing: 'crypto/timing.ts' };

const HELP = `usage: npm run bench -- NAME [options]

Benches: ${(await benches()).join(', ')}
Options go to the bench; each has --help.
`;

const { positionals } = parseArgs({ allowPositionals: true, strict: false });
const [name] = positionals;
if (name === undefined || !(await benches()).includes(name)) {
  process.stderr.write(HELP);
  process.exit(name === undefined && process.argv.includes('--help') ? 0 : 2);
}
const at = process.argv.indexOf(name);
const { bench } = (await import(`./${BESIDE[name] ?? `${name}/bench.ts`}`)) as {
  bench: (args: string[]) => Promise<void>;
};
await bench(process.argv.filter((_, i) => i >= 2 && i !== at));

async function benches(): Promise<string[]> {
  const entries = await readdir(import.meta.dirname, { withFileTypes: true });
  const folders = entries
    .filter((entry) => entry.isDirectory() && existsSync(join(import.meta.dirname, entry.name, 'bench.ts')))
    .map(({ name }) => name);
  return [...folders, ...Object.keys(BESIDE)];
}
