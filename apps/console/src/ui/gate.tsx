import type { ReactNode } from 'react';
import css from './gate.module.css';
import { Wordmark } from './wordmark.tsx';

interface GateProps {
  title: string;
  intro?: ReactNode;
  children: ReactNode;
  foot?: ReactNode;
}

/** The frame of a page that stands alone: before signing in, and where nothing was found. */
export function Gate({ title, intro, children, foot }: GateProps) {
  return (
    <main className={css.gate}>
      <div className={css.box}>
        <div className={css.wordmark}>
          <Wordmark size={32} />
        </div>
        <div className={css.head}>
          <h1>{title}</h1>
          {intro && <p>{intro}</p>}
        </div>
        {children}
        {foot && <p className={css.foot}>{foot}</p>}
      </div>
    </main>
  );
}
