import type { ComponentProps } from 'react';
import css from './button.module.css';

interface ButtonProps extends ComponentProps<'button'> {
  look?: 'primary' | 'plain' | 'quiet' | 'danger';
}

/** A button; at most one `primary` in view. */
export function Button({ look = 'plain', type = 'button', className, ...props }: ButtonProps) {
  return <button type={type} className={`${css.button} ${css[look]} ${className ?? ''}`} {...props} />;
}
