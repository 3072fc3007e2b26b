import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { parseKey } from './key-encoding.ts';

/** What a setting's text must be: in words for people, and as a parser. */
export interface ValueType<T> {
  /** Completes "Wanted: …"; never shows a value that was given, since that may be a secret. */
  readonly wanted: string;
  /**
   * @param text Never empty: an empty setting counts as not given.
   * @param directory What relative paths are relative to.
   * @returns undefined when the text is not as wanted.
   */
  parse(text: string, directory: string): T | undefined;
}

export function integer(min: number, max: number): ValueType<number> {
  return {
    wanted: `a whole number from ${min} to ${max}`,
    parse: (text) => {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
  };
}

export function oneOf<const T extends string>(values: readonly T[]): ValueType<T> {
  return {
    wanted: `one of ${values.join(', ')}`,
    parse: (text) => values.find((value) => value === text),
  };
}

/** Text without control characters, counted in characters as people count them. */
export function text(min: number, max: number): ValueType<string> {
  return {
    wanted: min <= 1 ? `text of at most ${max} characters` : `text of ${min} to ${max} characters`,
    parse: (value) => {
      const length = [...value].length;
      return length >= min && length <= max && !/\p{Cc}/u.test(value) ? value : undefined;
    },
  };
}

/** An address to listen on. */
export const host: ValueType<string> = {
  wanted: 'an IP address or a host name, such as 127.0.0.1, 0.0.0.0 or ::',
  parse: (value) => (isIP(value) !== 0 || isHostName(value) ? value : undefined),
};

function isHostName(value: string): boolean {
  const labels = value.split('.');
  // Something like 300.1.1.1 is a mistyped address, not a name (RFC 1123, 2.1).
  const isNumeric = labels.every((label) => /^\d+$/.test(label));
  return value.length <= 253 && !isNumeric && labels.every((label) => /^(?!-)[a-z0-9-]{1,63}(?<!-)$/i.test(label));
}

/** Origin only: a console below a path is not supported, and the Origin header is compared with it. */
export const httpsOrigin: ValueType<string> = {
  wanted: 'an address such as https://bulwark.example.com or https://bulwark.example.com:8768, without a path',
  parse: (value) => {
    const url = URL.parse(value);
    const isOrigin = url !== null && url.protocol === 'https:' && url.href === `${url.origin}/`;
    return isOrigin ? url.origin : undefined;
  },
};

export const path: ValueType<string> = {
  wanted: 'a path',
  parse: (value, directory) => (value.includes('\0') ? undefined : resolve(directory, value)),
};

/** 32 bytes. */
export const key: ValueType<Buffer> = {
  wanted: '32 bytes as base64 (44 characters), base64url (43 or 44) or 64 hexadecimal digits',
  parse: parseKey,
};

export const postgresUrl: ValueType<string> = {
  wanted: 'an address such as postgres://user:password@host:5432/database',
  parse: (value) => {
    const url = URL.parse(value);
    return url !== null && /^postgres(ql)?:$/.test(url.protocol) && url.pathname.length > 1 ? value : undefined;
  },
};

/** Networks of proxies, as `address` or `address/prefix`; several with commas. */
export const networks: ValueType<readonly string[]> = {
  wanted: 'addresses or networks such as 10.0.0.0/8, separated by commas',
  parse: (value) => {
    const list = value.split(',').map((item) => item.trim());
    return list.every(isNetwork) ? list : undefined;
  },
};

function isNetwork(value: string): boolean {
  const [address = '', prefix, ...more] = value.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  // A prefix of 0 would trust the whole internet to name the client's address.
  return prefix === undefined || (/^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}
