import type { ReactNode } from 'react';
import css from './page-head.module.css';

interface PageHeadProps {
  title: ReactNode;
  /** What belongs to the whole page, at the other end of the line. */
  children?: ReactNode;
  /** Stays in view on a page that is long, where there is room for it. */
  sticky?: boolean;
}

/** A page's first line. */
export function PageHead({ title, children, sticky = false }: PageHeadProps) {
  return (
    <div className={`${css.head} ${sticky ? css.sticky : ''}`}>
      <h1>{title}</h1>
      <div className={css.end}>{children}</div>
    </div>
  );
}
