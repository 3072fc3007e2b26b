/** Bytes in the base64 of PHC strings: the standard alphabet, without padding. */
export function encodePhcBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}

/** Reads `encodePhcBase64`. @returns `undefined` when the text is not canonical. */
export function decodePhcBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return encodePhcBase64(bytes) === text ? bytes : undefined;
}

/**
 * Reads decimal parameters such as `m=65536,t=3,p=1`, in the given order, without leading zeros.
 *
 * @returns `undefined` when the text is anything else.
 */
export function parsePhcParameters<Name extends string>(
  text: string,
  names: readonly Name[],
): Record<Name, number> | undefined {
  const form = new RegExp(`^${names.map((name) => `${name}=(?<${name}>0|[1-9]\\d{0,9})`).join(',')}$`);
  const groups = form.exec(text)?.groups;
  return groups && (Object.fromEntries(names.map((name) => [name, Number(groups[name])])) as Record<Name, number>);
}
