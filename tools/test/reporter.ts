import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

/** One line of a test file's report: a test that ended, or the end of the report. */
export type ReportLine = { name: string; ok: boolean; detail: string } | { end: true };

/**
 * A node:test reporter: one JSON line per test, then an end line, by which a file that exits early is told from one
 * whose tests all ran. Suites have no line of their own unless a hook of theirs failed.
 */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const names: string[] = [];
  for await (const { type, data } of events) {
    if (type === 'test:start') names.splice(data.nesting, Infinity, data.name);
    if (type !== 'test:pass' && type !== 'test:fail') continue;

    const name = [...names.slice(0, data.nesting), data.name].join(' › ');
    const { skip, todo } = data;
    if (skip !== undefined && skip !== false) yield line({ name, ok: false, detail: 'skipped' });
    else if (todo !== undefined && todo !== false) yield line({ name, ok: false, detail: 'todo' });
    else if (type === 'test:pass' && data.details.type !== 'suite') yield line({ name, ok: true, detail: '' });
    else if (type === 'test:fail') {
      const error = data.details.error as Error & { failureType?: string };
      if (error.failureType === 'subtestsFailed') continue; // told by the subtests
      yield line({ name, ok: false, detail: inspect(error.cause ?? error, { depth: 6 }) });
    }
  }
  yield line({ end: true });
}

function line(value: ReportLine): string {
  return `${JSON.stringify(value)}\n`;
}
