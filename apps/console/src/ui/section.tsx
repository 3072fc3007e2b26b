import { type ReactNode, useId } from 'react';
import css from './section.module.css';

/** A titled part of a page, set off by a line. */
export function Section({ title, children }: { title: string; children: ReactNode }) {
  const titleId = useId();
  return (
    <section className={css.section} aria-labelledby={titleId}>
      <h2 id={titleId}>{title}</h2>
      {children}
    </section>
  );
}
