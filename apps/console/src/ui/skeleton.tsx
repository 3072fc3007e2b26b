import css from './skeleton.module.css';

/** The place of something that is on its way. Sizes are CSS lengths. */
export function Skeleton({ width = '100%', height }: { width?: string; height?: string }) {
  return <span className={css.skeleton} style={{ width, ...(height && { height }) }} aria-hidden="true" />;
}
