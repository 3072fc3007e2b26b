import { inspect } from 'node:util';

/**
 * Makes an object show `[secret]` for some of its fields when it is logged, printed or put into JSON.
 * Reading a field is not changed.
 */
export function hideSecrets(values: object, secretFields: readonly string[]): void {
  const show = () =>
    Object.fromEntries(
      Object.entries(values).map(([field, value]) =>
        secretFields.includes(field) && value !== undefined ? [field, '[secret]'] : [field, value],
      ),
    );
  Object.defineProperty(values, 'toJSON', { value: show });
  Object.defineProperty(values, inspect.custom, { value: show });
}
