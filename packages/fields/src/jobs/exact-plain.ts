import { FieldsError } from '../errors.ts';

const BOOLEANS: ReadonlySet<unknown> = new Set([true, false, 1, 0, 1n, 0n, '1', '0', 't', 'f', 'true', 'false']);
const DECIMAL = /^([+-]?)0*(\d*)(?:\.(\d*?)0*)?(?:e([+-]?\d+))?$/i;
const MIDNIGHT = /^([T ]00:00(:00(\.0+)?)?(Z|[+-]\d\d(:?\d\d)?)?)?$/;
const DAY_CHARS = 10;

/**
 * Makes sure that nothing of a plain value is lost by the type that its field was declared with, before the plain column
 * is emptied. Reading is less strict: there the stored value is still there.
 *
 * @param stored As the driver gives it.
 * @param value What the type has made of it.
 * @throws FieldsError ERR_VALUE_TYPE; neither value is shown
 */
export function requireExact(type: string, stored: unknown, value: unknown): void {
  if (isExact(type, stored, value)) return;
  throw new FieldsError('ERR_VALUE_TYPE', `what is stored is more, or something else, than the type ${type} can keep`);
}

function isExact(type: string, stored: unknown, value: unknown): boolean {
  switch (type) {
    case 'text':
      return typeof stored !== 'object';
    case 'number':
      return typeof stored === 'number' || (decimal(stored) !== undefined && decimal(stored) === decimal(value));
    case 'boolean':
      return BOOLEANS.has(stored);
    case 'day':
      return typeof stored !== 'string' || MIDNIGHT.test(stored.slice(DAY_CHARS));
    default:
      return true;
  }
}

/** One form for all ways to write a number: digits without zeros around, and a power of ten. */
function decimal(value: unknown): string | undefined {
  const [found, sign, whole = '', part = '', power = '0'] = DECIMAL.exec(String(value).trim()) ?? [];
  if (found === undefined || !/\d/.test(found)) return undefined;
  const all = whole + part;
  const digits = all.replace(/^0+/, '').replace(/0+$/, '');
  if (digits === '') return '0';
  const trailing = all.length - all.replace(/0+$/, '').length;
  return `${sign === '-' ? '-' : ''}${digits}e${Number(power) - part.length + trailing}`;
}
