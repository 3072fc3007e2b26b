import type { ReactNode } from 'react';
import css from './plain-table.module.css';

/** How a column is set: numbers to the right, quiet ones soft, long ones may break anywhere, meters wide enough. */
type ColumnLook = 'number' | 'quiet' | 'long' | 'meter' | undefined;

interface PlainTableProps {
  label: string;
  columns: readonly (readonly [head: string, look?: ColumnLook])[];
  rows: readonly { key: string | number; cells: readonly ReactNode[] }[];
}

/** A short table that is neither sorted nor filtered. */
export function PlainTable({ label, columns, rows }: PlainTableProps) {
  return (
    <div className={css.scroll}>
      <table className={css.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map(([head, look]) => (
              <th key={head} scope="col" className={look === 'number' ? css.number : undefined}>
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
