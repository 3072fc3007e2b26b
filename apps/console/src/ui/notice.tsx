import type { ReactNode } from 'react';
import css from './notice.module.css';

interface NoticeProps {
  look?: 'plain' | 'warning' | 'danger';
  children: ReactNode;
}

/** A sentence that needs reading. Danger is announced at once, the others when there is a pause. */
export function Notice({ look = 'plain', children }: NoticeProps) {
  return (
    <div className={`${css.notice} ${css[look] ?? ''}`} role={look === 'danger' ? 'alert' : 'status'}>
      {children}
    </div>
  );
}
