import type { Unit } from '@bulwark/protocol';
import { formatValue } from '../format/value.ts';
import { SERIES_COLORS } from './chart-colors.ts';
import { type ChartKind, type ChartLine, valueNear } from './chart-line.ts';
import css from './legend.module.css';

/** More would hide the chart they explain. */
const SHOWN = 8;

interface LegendProps {
  kind: ChartKind;
  lines: readonly ChartLine[];
  unit: Unit;
  /** The step whose values are shown. */
  index: number;
  bridgeSteps: number;
}

/** Names, colours and values. The chart says the same in words to those who cannot see it. */
export function Legend({ kind, lines, unit, index, bridgeSteps }: LegendProps) {
  const items = lines.map((line) => ({ line, value: valueNear(line.values, index, bridgeSteps) }));
  if (kind === 'rows') {
    const busiest = items.reduce((one, other) => ((other.value ?? -1) > (one.value ?? -1) ? other : one));
    return (
      <div className={css.legend} aria-hidden="true">
        <span className={css.item}>
          0% <i className={css.scale} /> 100%
        </span>
        {busiest.value !== null && (
          <span className={css.item}>
            Busiest: {busiest.line.label} <b>{formatValue(busiest.value, unit)}</b>
          </span>
        )}
      </div>
    );
  }
  return (
    <div className={css.legend} aria-hidden="true">
      {items.slice(0, SHOWN).map(({ line, value }) => (
        <span key={line.label} className={css.item}>
          <i
            className={`${css.swatch} ${line.dashed ? css.dashed : ''}`}
            style={{ borderColor: `var(--series-${(line.color % SERIES_COLORS) + 1})` }}
          />
          <span title={line.label}>{line.label}</span>
          <b>{formatValue(value, unit)}</b>
        </span>
      ))}
      {lines.length > SHOWN && <span className={css.item}>and {lines.length - SHOWN} more</span>}
    </div>
  );
}
