import type { Unit } from '@bulwark/protocol';
import uPlot from 'uplot';
import type { Zone } from '../format/time.ts';
import { formatValue } from '../format/value.ts';
import { stepsFor, timeLabels, topOf } from './axis.ts';
import { faint, readChartColors, SERIES_COLORS } from './chart-colors.ts';
import type { ChartKind, ChartLine } from './chart-line.ts';
import { drawRows, rowSplits } from './rows.ts';

export const HEIGHT_PX = 176;
const X_AXIS_PX = 26;
const Y_AXIS_PX = 62; // the same for all, so that charts below each other share one axis of time
const CLICK_PX = 6; // a shorter drag is a click

/** The part of a line that makes it another chart when it changes. */
export type LineLook = Pick<ChartLine, 'label' | 'color' | 'dashed' | 'filled'>;

interface Plan {
  kind: ChartKind;
  lines: readonly LineLook[];
  unit: Unit;
  zone: Zone;
  /** Read whenever data is set, long after the chart was made. */
  bounds: { current: { from: number; to: number; top: number | undefined } };
  /** The step under the crosshair, null without one. */
  onCursor: (index: number | null) => void;
  /** A stretch of time was marked by dragging, ms. */
  onZoom: (from: number, to: number) => void;
}

/** The options of one chart, in the colours that `element` has now. */
export function chartOptions(element: HTMLElement, plan: Plan): uPlot.Options {
  const { kind, lines, unit, zone, bounds, onCursor, onZoom } = plan;
  const colors = readChartColors(element);
  const colorOf = (color: number) => colors.series[color % SERIES_COLORS] ?? colors.ink;
  const axis = { stroke: colors.ink, font: colors.font, ticks: { show: false } };
  const top = (highest: number | null) =>
    kind === 'rows' ? lines.length : (bounds.current.top ?? topOf(highest, unit));

  return {
    width: element.clientWidth,
    height: HEIGHT_PX,
    padding: [8, 14, 0, 0], // half a time label at the right end
    legend: { show: false },
    cursor: {
      y: false,
      points: kind === 'rows' ? { show: false } : { size: 6 },
      drag: { x: true, setScale: false, dist: CLICK_PX },
      sync: { key: 'page', setSeries: false },
    },
    tzDate: (seconds) =>
      zone === 'UTC' ? uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC') : new Date(seconds * 1000),
    scales: {
      x: { range: () => [bounds.current.from / 1000, bounds.current.to / 1000] },
      y: { range: (_plot, _lowest, highest) => [0, top(highest)] },
    },
    axes: [
      {
        ...axis,
        size: X_AXIS_PX,
        space: 64,
        grid: { show: false },
        values: (_plot, splits, _axis, _space, step) => timeLabels(splits, step, zone),
      },
      { ...axis, size: Y_AXIS_PX, gap: 8, ...(kind === 'rows' ? rowAxis(lines) : valueAxis(unit, colors.grid)) },
    ],
    series: [
      {},
      ...lines.map(({ color, dashed, filled }) => ({
        stroke: colorOf(color),
        width: 1.5,
        points: { show: false },
        ...(dashed && { dash: [4, 3] }),
        ...(filled && { fill: faint(colorOf(color)) }),
        ...(kind === 'rows' && { paths: () => null }),
      })),
    ],
    hooks: {
      ...(kind === 'rows' && { draw: [(plot) => drawRows(plot, colorOf(0))] }),
      setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < CLICK_PX) return;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          onZoom(plot.posToVal(left, 'x') * 1000, plot.posToVal(left + width, 'x') * 1000);
        },
      ],
    },
  };
}

function valueAxis(unit: Unit, gridColor: string): uPlot.Axis {
  const steps = stepsFor(unit);
  return {
    space: 32,
    grid: { stroke: gridColor, width: 1 },
    values: (_plot, splits) => splits.map((value) => (value === 0 ? '0' : formatValue(value, unit))),
    ...(steps && { incrs: steps }),
  };
}

function rowAxis(lines: readonly LineLook[]): uPlot.Axis {
  return {
    grid: { show: false },
    splits: () => rowSplits(lines.length),
    values: (_plot, splits) => splits.map((at) => lines[lines.length - at - 0.5]?.label ?? ''),
  };
}
