import type { FieldsConfig } from '@bulwark/fields/jobs';
import { CliError } from '../../errors.ts';

/** A table as an application declares it. */
export type DeclaredTable = FieldsConfig['tables'][number];

/** The declared table of this name. @throws CliError usage */
export function findTable({ tables }: FieldsConfig, name: string): DeclaredTable {
  const found = tables.find((table) => table.name === name);
  if (found) return found;
  throw new CliError(
    'usage',
    `no table ${name} is declared; there are ${tables.map((table) => table.name).join(', ')}`,
  );
}
