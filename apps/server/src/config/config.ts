import type { SETTINGS } from './settings.ts';
import type { ValueType } from './value-types.ts';

type Settings = typeof SETTINGS;

type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

/** A setting that always has a value in the end. */
type Present = { readonly required: true } | { readonly default: string } | { readonly derived: string };
type ValueOf<S> = S extends { readonly type: ValueType<infer T> } ? T : never;

type Section<Keys> = {
  readonly [Key in keyof Keys as Keys[Key] extends Present ? CamelCase<Key & string> : never]: ValueOf<Keys[Key]>;
} & {
  readonly [Key in keyof Keys as Keys[Key] extends Present ? never : CamelCase<Key & string>]?: ValueOf<Keys[Key]>;
};

/**
 * The checked configuration, frozen; its shape follows from the table of settings: `config.server.dbPath`,
 * `config.server.dbEncryptionKey` (a Buffer), `config.server.webUsername` (optional).
 * `config.database.url` is a postgres:// address or an absolute SQLite path.
 *
 * Printed as JSON or by `console.log`, secrets show as `[secret]`.
 */
export type Config = { readonly [Name in keyof Settings]: Section<Settings[Name]> };

/** Values as given and parsed, before those that depend on others are computed. */
export type GivenConfig = {
  -readonly [Name in keyof Config]: { -readonly [Key in keyof Config[Name]]?: Config[Name][Key] | undefined };
};

/** `db_path` → `dbPath`. */
export function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
