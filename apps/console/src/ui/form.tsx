import type { FormEvent, ReactNode } from 'react';
import css from './form.module.css';

/** Fields in a column. The page stays: `onSubmit` sends what the fields hold. */
export function Form({ onSubmit, children }: { onSubmit: () => void; children: ReactNode }) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form className={css.form} onSubmit={submit}>
      {children}
    </form>
  );
}
