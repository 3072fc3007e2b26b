import { type ComponentProps, type KeyboardEvent, type ReactNode, useId, useState } from 'react';
import css from './field.module.css';

interface TextFieldProps extends Omit<ComponentProps<'input'>, 'id' | 'className'> {
  label: string;
  hint?: ReactNode;
}

/** A labelled line of text. */
export function TextField({ label, hint, ...input }: TextFieldProps) {
  const id = useId();
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      <input id={id} className={css.input} aria-describedby={hint ? `${id}-hint` : undefined} {...input} />
      {hint && (
        <div id={`${id}-hint`} className={css.hint}>
          {hint}
        </div>
      )}
    </div>
  );
}

/** A password that can be shown, and a word when Caps Lock is on. Pasting is welcome. */
export function PasswordField({ label, hint, ...input }: Omit<TextFieldProps, 'type'>) {
  const id = useId();
  const [shown, setShown] = useState(false);
  const [capsLock, setCapsLock] = useState(false);
  const watchCapsLock = (event: KeyboardEvent) => setCapsLock(event.getModifierState('CapsLock'));
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      <div className={css.row}>
        <input
          id={id}
          className={css.input}
          type={shown ? 'text' : 'password'}
          aria-describedby={`${id}-hint`}
          spellCheck={false}
          autoCapitalize="none"
          onKeyDown={watchCapsLock}
          onKeyUp={watchCapsLock}
          onBlur={() => setCapsLock(false)}
          {...input}
        />
        <button
          type="button"
          className={css.show}
          aria-pressed={shown}
          aria-label={`Show ${label.toLowerCase()}`}
          onClick={() => setShown(!shown)}
        >
          {shown ? 'Hide' : 'Show'}
        </button>
      </div>
      <div id={`${id}-hint`} className={css.hint}>
        <span className={css.caps} role="status">
          {capsLock && 'Caps Lock is on. '}
        </span>
        {hint}
      </div>
    </div>
  );
}
