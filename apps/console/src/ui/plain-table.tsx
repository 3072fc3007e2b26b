import type { ReactNode } from 'react';
import css from './plain-table.module.css';

/**
 * How a column is set: numbers to the right, quiet ones soft, minor ones soft and not at all on a narrow screen, long ones
 * broken anywhere, meters wide enough.
 */
type ColumnLook = 'number' | 'quiet' | 'minor' | 'long' | 'meter' | undefined;

interface PlainTableProps {
  label: string;
  columns: readonly (readonly [head: string, look?: ColumnLook])[];
  rows: readonly { key: string | number; cells: readonly ReactNode[] }[];
}

/** A short table that is neither sorted nor filtered. */
export function PlainTable({ label, columns, rows }: PlainTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must scroll by keyboard too (WCAG 2.2, 2.1.1)
    <div className={css.scroll} tabIndex={0}>
      <table className={css.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map(([head, look]) => (
              <th key={head} scope="col" className={look === 'number' || look === 'minor' ? css[look] : undefined}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells }) => (
            <tr key={key}>
              {columns.map(([head, look], index) => (
                <td key={head} className={look && css[look]}>
                  {cells[index]}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
