import type { ReactNode } from 'react';
import css from './page-head.module.css';

/** A page's title, and what belongs to the whole page at the other end of the line. */
export function PageHead({ title, children }: { title: ReactNode; children?: ReactNode }) {
  return (
    <div className={css.head}>
      <h1>{title}</h1>
      <div className={css.end}>{children}</div>
    </div>
  );
}
