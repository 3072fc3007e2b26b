import { formatPercent, NO_VALUE } from '../format/number.ts';
import css from './meter.module.css';

const HIGH = 80;
const FULL = 90;

/** 'high' from 80 %, 'full' from 90 %, else nothing to remark. */
export function levelOf(percent: number): 'high' | 'full' | undefined {
  return percent >= FULL ? 'full' : percent >= HIGH ? 'high' : undefined;
}

/** The bar alone; put the number beside it. */
export function Bar({ percent }: { percent: number }) {
  const level = levelOf(percent);
  return (
    <span className={level && css[level]} aria-hidden="true">
      <span className={css.track} style={{ display: 'block' }}>
        <span
          className={css.fill}
          style={{ display: 'block', transform: `scaleX(${Math.min(100, Math.max(0, percent)) / 100})` }}
        />
      </span>
    </span>
  );
}

/** A percentage as number and bar. */
export function Meter({ percent }: { percent: number | null }) {
  if (percent === null) return <span className={css.none}>{NO_VALUE}</span>;
  const level = levelOf(percent);
  return (
    <span className={`${css.meter} ${(level && css[level]) ?? ''}`}>
      <span className={css.value}>{formatPercent(percent)}</span>
      <Bar percent={percent} />
    </span>
  );
}
