import css from './wordmark.module.css';

/** The product's sign and name. */
export function Wordmark({ size = 24 }: { size?: number }) {
  return (
    <span className={css.wordmark}>
      <img src="/mark.svg" width={size} height={size} alt="" />
      Bulwark
    </span>
  );
}
