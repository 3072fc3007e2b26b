import { type Logger, pino } from 'pino';

/** Names of the levels, by pino's numbers. */
const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};
/** Fields of every line that only a machine wants. */
const FOR_MACHINES = new Set(['level', 'time', 'pid', 'hostname', 'name', 'msg']);

/**
 * The log, on standard error: JSON lines, or readable ones on a terminal. Standard output stays free for answers.
 *
 * @param name Which of the processes writes, `server` or `agent`.
 */
export function createLog(name: string, level: string, stderr: NodeJS.WritableStream & { isTTY?: boolean }): Logger {
  const destination = stderr.isTTY ? { write: (line: string) => stderr.write(readable(line)) } : stderr;
  return pino({ name, level }, destination);
}

/** `12:03:11 warn  agent: server not reached  attempt=3` */
export function readable(line: string): string {
  const fields = JSON.parse(line) as Record<string, unknown>;
  const time = new Date(Number(fields.time)).toTimeString().slice(0, 8);
  const level = (LEVELS[Number(fields.level)] ?? '').padEnd(5);
  const rest = Object.entries(fields)
    .filter(([field]) => !FOR_MACHINES.has(field))
    .map(([field, value]) => `${field}=${field === 'err' ? messageOf(value) : JSON.stringify(value)}`);
  return `${[`${time} ${level} ${fields.name}: ${fields.msg ?? ''}`, ...rest].join('  ')}\n`;
}

/** pino's form of an error holds the stack, which belongs into JSON logs. */
function messageOf(error: unknown): string {
  return String((error as { message?: unknown }).message ?? error);
}
