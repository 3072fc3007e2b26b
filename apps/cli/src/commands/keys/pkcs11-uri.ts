import { fileURLToPath } from 'node:url';
import { CliError } from '../../errors.ts';

/** What a PKCS#11 URI says of a key. */
export interface Pkcs11Address {
  readonly libraryPath: string;
  readonly tokenLabel: string;
  readonly keyLabel: string;
  /** Holds the PIN. */
  readonly pinFile: string | undefined;
}

/**
 * Reads the address of a key in a token (RFC 7512):
 * `pkcs11:token=LABEL;object=LABEL?module-path=/usr/lib/….so&pin-source=file:/run/keys/pin`.
 *
 * @throws CliError usage, also for `pin-value`: other users of the machine would see it
 */
export function parsePkcs11Uri(uri: string): Pkcs11Address {
  const [, path, query = ''] = /^pkcs11:([^?]*)(?:\?(.*))?$/s.exec(uri) ?? [];
  if (path === undefined) throw malformed('it must start with pkcs11:');
  const attributes = new Map([...attributesOf(path, ';'), ...attributesOf(query, '&')]);
  const take = (name: string): string | undefined => {
    const value = attributes.get(name);
    attributes.delete(name);
    return value;
  };
  const require = (name: string): string => take(name) || fail(`${name} is missing`);
  if (attributes.has('pin-value'))
    throw malformed('pin-value would show the PIN to other users; take pin-source=file:…');
  const address = {
    libraryPath: require('module-path'),
    tokenLabel: require('token'),
    keyLabel: require('object'),
    pinFile: pinFileOf(take('pin-source')),
  };
  const [unknown] = attributes.keys();
  if (unknown !== undefined) throw malformed(`${unknown} is not supported`);
  return address;
}

function attributesOf(text: string, separator: string): [string, string][] {
  return text
    .split(separator)
    .filter((attribute) => attribute !== '')
    .map((attribute) => {
      const [name = '', ...value] = attribute.split('=');
      try {
        return [name, decodeURIComponent(value.join('='))];
      } catch {
        throw malformed(`${name} is not well-formed`);
      }
    });
}

function pinFileOf(source: string | undefined): string | undefined {
  if (source === undefined || source.startsWith('/')) return source;
  if (/^file:\/(?!\/)/.test(source)) return source.slice('file:'.length);
  if (source.startsWith('file:///')) return fileURLToPath(source);
  throw malformed('pin-source must be a file, as in file:/run/keys/pin');
}

function fail(what: string): never {
  throw malformed(what);
}

function malformed(what: string): CliError {
  return new CliError('usage', `the PKCS#11 URI is not as wanted: ${what}`);
}
