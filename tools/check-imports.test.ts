import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { tempDir } from '../testing/temp-dir.ts';
import { ARROWS, checkImports } from './check-imports.ts';

const BASE: Record<string, string> = {
  'package.json': JSON.stringify({ name: 'bulwark', devDependencies: { 'fast-check': '4' } }),
  'packages/crypto/package.json': manifest('crypto', [], {
    exports: { '.': './src/index.ts', './raw': './src/raw.ts' },
  }),
  'packages/crypto/src/index.ts': `export { seal } from './seal.ts';\n`,
  'packages/crypto/src/seal.ts': `import { createCipheriv } from 'node:crypto';\n`,
  'packages/keyring/package.json': manifest('keyring', ['@bulwark/crypto']),
  'packages/keyring/src/index.ts': `import type { Key } from '@bulwark/crypto';\nimport { open } from '@bulwark/crypto/raw';\n`,
  'packages/protocol/package.json': manifest('protocol', ['zod']),
  'packages/protocol/src/index.ts': `import { z } from 'zod';\n`,
  'apps/server/package.json': manifest('server', ['@bulwark/keyring', '@bulwark/crypto']),
  'apps/server/src/index.ts': `import { seal } from '@bulwark/crypto';\n`,
  'apps/agent/package.json': manifest('agent', []),
  'apps/agent/src/index.ts': '',
  'apps/console/package.json': manifest('console', ['@bulwark/protocol', 'react'], { devDependencies: { vite: '8' } }),
  'apps/console/src/main.tsx': `import { z } from '@bulwark/protocol';\nimport './style.css';\n`,
  'apps/console/vite.config.ts': `import { defineConfig } from 'vite';\nexport default process.env.PORT;\n`,
  'apps/cli/package.json': manifest('cli', ['@bulwark/server', '@bulwark/agent']),
  'apps/cli/src/main.ts': `import { startServer } from '@bulwark/server';\nstartServer(process.env, process.argv);\n`,
  'testing/wait-for.ts': '',
  'tools/run.ts': `import '../packages/crypto/src/seal.ts';\nprocess.env.PATH;\n`,
};

function manifest(name: string, dependencies: readonly string[], more: object = {}): string {
  const versions = Object.fromEntries(dependencies.map((dependency) => [dependency, '1']));
  return JSON.stringify({
    name: `@bulwark/${name}`,
    exports: { '.': './src/index.ts' },
    dependencies: versions,
    ...more,
  });
}

async function problemsWith(files: Record<string, string>): Promise<string[]> {
  await using dir = await tempDir();
  for (const [name, text] of Object.entries({ ...BASE, ...files })) {
    const file = path.join(dir.path, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return (await checkImports(dir.path)).map(({ file, message }) => `${file}: ${message}`);
}

test('a tree in order has no problems', async () => assert.deepEqual(await problemsWith({}), []));

test('the arrows only point down: no package reaches itself, none reaches an app', () => {
  const order = Object.keys(ARROWS);
  for (const [from, targets] of Object.entries(ARROWS)) {
    for (const target of targets) {
      assert.ok(target in ARROWS, `${target} is a package`);
      if (from !== '@bulwark/guard') assert.ok(order.indexOf(target) < order.indexOf(from), `${from} → ${target}`);
    }
  }
});

describe('checkImports allows', () => {
  const cases: { name: string; files: Record<string, string> }[] = [
    {
      name: 'a test to use its own index, shared test code and the tools of the root',
      files: {
        'packages/crypto/src/seal.test.ts': [
          `import fc from 'fast-check';`,
          `import { seal } from './index.ts';`,
          `import { waitFor } from '../../../testing/wait-for.ts';`,
          'process.env.BULWARK_TEST_POSTGRES;',
        ].join('\n'),
      },
    },
    {
      name: 'prose that looks like code',
      files: {
        'packages/crypto/src/seal.ts': [
          '/**',
          ` * Never \`import { x } from '@bulwark/server'\`, nor import('@bulwark/server').`,
          ' * `process.env` is read in main.ts only.',
          ' */',
          `// import('@bulwark/server')`,
          'export const seal = 1;',
        ].join('\n'),
      },
    },
    {
      name: 'addresses and relative folders that contain the words of a path',
      files: { 'docs/a.md': 'https://example.test/work/x, ./work/x, homework/farm/y' },
    },
  ];
  for (const { name, files } of cases) test(name, async () => assert.deepEqual(await problemsWith(files), []));
});

describe('checkImports refuses', () => {
  const seal = 'packages/crypto/src/seal.ts';
  const cases: { name: string; files: Record<string, string>; problems: (string | RegExp)[] }[] = [
    {
      name: 'an arrow that points up, in package.json and in the source',
      files: {
        'packages/crypto/package.json': manifest('crypto', ['@bulwark/keyring']),
        [seal]: `import {\n  wrap,\n} from '@bulwark/keyring';\n`,
        'packages/keyring/src/index.ts': '',
      },
      problems: [
        'packages/crypto/package.json: @bulwark/crypto may not depend on @bulwark/keyring',
        `${seal}:1: @bulwark/crypto may not depend on @bulwark/keyring`,
      ],
    },
    {
      name: 'an arrow of types alone',
      files: { [seal]: `export type X = typeof import('@bulwark/protocol');\n` },
      problems: [
        `${seal}:1: @bulwark/crypto may not depend on @bulwark/protocol`,
        `${seal}:1: @bulwark/protocol is not among the dependencies of @bulwark/crypto`,
      ],
    },
    {
      name: 'an app that imports an app',
      files: { 'apps/server/src/index.ts': `import { run } from '@bulwark/agent';\n` },
      problems: [
        'apps/server/src/index.ts:1: @bulwark/server may not depend on @bulwark/agent',
        'apps/server/src/index.ts:1: @bulwark/agent is not among the dependencies of @bulwark/server',
      ],
    },
    {
      name: 'a package that no arrow names',
      files: { 'packages/misc/package.json': manifest('misc', []) },
      problems: ['packages/misc/package.json: @bulwark/misc is not in the table of arrows'],
    },
    {
      name: 'an undeclared dependency',
      files: { [seal]: `import { pino } from 'pino';\n` },
      problems: [`${seal}:1: pino is not among the dependencies of @bulwark/crypto`],
    },
    {
      name: 'a development dependency in code that ships, TSX included',
      files: { 'apps/console/src/main.tsx': `const view = <p>don't</p>;\nconst vite = await import('vite');\n` },
      problems: ['apps/console/src/main.tsx:2: vite is not among the dependencies of @bulwark/console'],
    },
    {
      name: 'a way past the entries of another package',
      files: { 'apps/server/src/index.ts': `import { seal } from '@bulwark/crypto/src/seal.ts';\n` },
      problems: [
        'apps/server/src/index.ts:1: @bulwark/crypto/src/seal.ts is not an entry that @bulwark/crypto exports',
      ],
    },
    {
      name: 'a relative way into another package',
      files: { 'apps/server/src/index.ts': `import { seal } from '../../../packages/crypto/src/seal.ts';\n` },
      problems: [/leaves apps\/server; import the package by its name/],
    },
    {
      name: 'shared test code in code that ships',
      files: { 'apps/server/src/index.ts': `import { waitFor } from '../../../testing/wait-for.ts';\n` },
      problems: ['apps/server/src/index.ts:1: only tests import from testing/'],
    },
    {
      name: 'the own index, by path and by name',
      files: { [seal]: '', 'packages/crypto/src/a.ts': `import './index.ts';\nimport '@bulwark/crypto';\n` },
      problems: [
        'packages/crypto/src/a.ts:1: a package does not import its own index',
        'packages/crypto/src/a.ts:2: a package does not import its own index',
      ],
    },
    {
      name: 'an import without its extension, or with that of the output',
      files: { 'packages/crypto/src/a.ts': `export * from './seal';\nimport './seal.js';\n` },
      problems: [
        'packages/crypto/src/a.ts:1: ./seal lacks its .ts extension',
        'packages/crypto/src/a.ts:2: ./seal.js lacks its .ts extension',
      ],
    },
    {
      name: 'a cycle, told once, types included',
      files: {
        'packages/crypto/src/a.ts': `import { b } from './b.ts';\n`,
        'packages/crypto/src/b.ts': `import type { C } from './sub/c.ts';\n`,
        'packages/crypto/src/sub/c.ts': `import '../a.ts';\n`,
      },
      problems: [
        'packages/crypto/src/a.ts: import cycle packages/crypto/src/a.ts → packages/crypto/src/b.ts → packages/crypto/src/sub/c.ts → packages/crypto/src/a.ts',
      ],
    },
    {
      name: 'the environment outside main.ts',
      files: {
        [seal]: `export const a = process.env.A;\nexport const b = process.argv[2];\n`,
        'packages/crypto/src/a.ts': `import { env } from 'node:process';\n`,
      },
      problems: [
        'packages/crypto/src/a.ts:1: process.env and argv are read in main.ts only',
        `${seal}:1: process.env and argv are read in main.ts only`,
        `${seal}:2: process.env and argv are read in main.ts only`,
      ],
    },
    {
      name: 'a path of one machine, in any text file',
      // Put together here, since this file is checked as well.
      files: { 'docs/a.md': `first\nsee ${'/wo'}rk/main or ${'../sh'}ared/x`, '.ci/run': `cd ${'/fa'}rm/x` },
      problems: ['.ci/run:1: names a path of one machine', 'docs/a.md:2: names a path of one machine'],
    },
  ];
  for (const { name, files, problems } of cases) {
    test(name, async () => {
      const found = (await problemsWith(files)).sort();
      assert.equal(found.length, problems.length, found.join('\n'));
      [...problems].forEach((expected, index) => {
        if (typeof expected === 'string')
          assert.ok(found.includes(expected), `${expected}\nis not in\n${found.join('\n')}`);
        else assert.match(found[index] ?? '', expected);
      });
    });
  }
});
