import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = path.join(import.meta.dirname, '../../..');

/** Checks an application's types against a generated client. Gives what the compiler has to say: nothing. */
export async function compileApplication(folder: string): Promise<string> {
  const config = {
    extends: path.join(ROOT, 'tsconfig.json'),
    compilerOptions: { typeRoots: [path.join(ROOT, 'node_modules/@types')] },
    include: ['application.ts'],
    exclude: [],
  };
  const application = await readFile(path.join(import.meta.dirname, 'prisma-application.txt'), 'utf8');
  await writeFile(path.join(folder, 'application.ts'), application.replaceAll('REPOSITORY', ROOT));
  await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  try {
    return (await run(process.execPath, [tsc, '-p', folder])).stdout;
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
