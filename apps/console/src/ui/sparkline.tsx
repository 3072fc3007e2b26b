import css from './sparkline.module.css';
import { sparklinePaths } from './sparkline-path.ts';

const WIDTH = 120;
const HEIGHT = 24;
/** Below this much the line uses half the height: an idle machine should look idle. */
const TOP_AT_LEAST = 25;

/** The last hour of a percentage. Decoration: its newest value stands beside it. */
export function Sparkline({ values }: { values: readonly (number | null)[] }) {
  const most = values.reduce<number>((max, value) => Math.max(max, value ?? 0), 0);
  const { line, area } = sparklinePaths(values, { width: WIDTH, height: HEIGHT, top: Math.max(TOP_AT_LEAST, most) });
  return (
    <svg
      className={css.sparkline}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path className={css.base} d={`M0 ${HEIGHT}H${WIDTH}`} />
      <path className={css.area} d={area} />
      <path className={css.line} d={line} />
    </svg>
  );
}
