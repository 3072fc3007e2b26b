import 'uplot/dist/uPlot.min.css';
import type { Unit } from '@bulwark/protocol';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import uPlot from 'uplot';
import { formatClockSeconds } from '../format/time.ts';
import { formatValue } from '../format/value.ts';
import { usePreferences } from '../preferences/preferences.tsx';
import { useScheme } from '../preferences/scheme.ts';
import type { ChartData, ChartKind } from './chart-line.ts';
import { chartOptions, HEIGHT_PX, type LineLook } from './chart-options.ts';
import { bridgeShortGaps } from './gaps.ts';
import { Legend } from './legend.tsx';
import css from './time-chart.module.css';

interface TimeChartProps {
  title: string;
  kind: ChartKind;
  unit: Unit;
  data: ChartData;
  /** Upper end of the axis; without it, a little above the highest value. */
  top?: number | undefined;
  /** A hole of at most so many steps is a late report and no gap. */
  bridgeSteps: number;
  /** A stretch of time was marked by dragging, ms. */
  onZoom: (from: number, to: number) => void;
}

/** Values over time. All charts of a page share one crosshair. */
export function TimeChart({ title, kind, unit, data, top, bridgeSteps, onZoom }: TimeChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(null);
  const [cursor, setCursor] = useState<number | null>(null);
  const { zone } = usePreferences();
  const scheme = useScheme();
  const zoom = useEffectEvent(onZoom);
  const bounds = useRef({ from: data.from, to: data.to, top });
  bounds.current = { from: data.from, to: data.to, top };

  // As text, so that new values for the same lines do not make the chart anew.
  const looks = JSON.stringify(
    data.lines.map(({ label, color, dashed = false, filled = false }): LineLook => ({ label, color, dashed, filled })),
  );

  // The scheme is among the reasons because its colours come through the style sheet.
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const lines = JSON.parse(looks) as LineLook[];
    const options = chartOptions(element, { kind, lines, unit, zone, bounds, onCursor: setCursor, onZoom: zoom });
    const plot = new uPlot(options, [[]], element);
    const resizer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    resizer.observe(element);
    chart.current = plot;
    return () => {
      resizer.disconnect();
      plot.destroy();
      chart.current = null;
    };
  }, [kind, looks, unit, zone, scheme]);

  // A chart made anew needs its data again.
  useEffect(() => {
    chart.current?.setData([
      data.times.map((time) => time / 1000),
      ...data.lines.map((line) => bridgeShortGaps(line.values, bridgeSteps)),
    ]);
  }, [data, bridgeSteps, top, kind, looks, unit, zone, scheme]);

  const at = cursor === null ? undefined : data.times[cursor];
  return (
    <div className={css.chart}>
      {at !== undefined && <span className={css.at}>{formatClockSeconds(at, zone)}</span>}
      <div ref={box} className={css.canvas} role="img" aria-label={inWords(title, data, unit)} />
      <Legend
        kind={kind}
        lines={data.lines}
        unit={unit}
        index={cursor ?? data.times.length - 1}
        bridgeSteps={bridgeSteps}
      />
    </div>
  );
}

const LINES_IN_WORDS = 8;

/** What a person who cannot see the chart would want to know of it. */
function inWords(title: string, { lines }: ChartData, unit: Unit): string {
  const parts = lines.slice(0, LINES_IN_WORDS).map(({ label, values }) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return `${label} nothing reported`;
    const lowest = known.reduce((one, other) => Math.min(one, other));
    const highest = known.reduce((one, other) => Math.max(one, other));
    return `${label} now ${formatValue(known.at(-1), unit)}, between ${formatValue(lowest, unit)} and ${formatValue(highest, unit)}`;
  });
  return `${title}: ${parts.join('; ')}`;
}
