import type { MetricsResult } from '@bulwark/protocol';
import { useMemo } from 'react';
import { TimeChart } from '../../charts/time-chart.tsx';
import { Section } from '../../ui/section.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { CHARTS, type ChartSpec, linesOf } from './chart-specs.ts';
import css from './charts.module.css';
import type { Latest } from './latest.ts';

/** A machine is online as long as no more than three reports are missing; a line goes on just as long. */
const MISSING_REPORTS = 3;

interface ChartsProps {
  /** undefined while the first answer is on its way. */
  metrics: MetricsResult | undefined;
  latest: Latest;
  intervalSeconds: number;
  onZoom: (from: number, to: number) => void;
}

/** All charts of one machine, on one axis of time. */
export function Charts({ metrics, latest, intervalSeconds, onZoom }: ChartsProps) {
  if (metrics === undefined) {
    return (
      <div className={css.charts} aria-busy="true">
        {CHARTS.slice(0, 6).map(({ title }) => (
          <Section key={title} title={title}>
            <Skeleton height="11rem" />
          </Section>
        ))}
      </div>
    );
  }
  const bridgeSteps = Math.max(1, Math.floor((MISSING_REPORTS * intervalSeconds * 1000) / metrics.stepMs));
  return (
    <div className={css.charts}>
      {CHARTS.map((spec) => (
        <Chart
          key={spec.title}
          spec={spec}
          metrics={metrics}
          top={typeof spec.top === 'string' ? (latest.one(spec.top) ?? undefined) : spec.top}
          bridgeSteps={bridgeSteps}
          onZoom={onZoom}
        />
      ))}
    </div>
  );
}

interface ChartProps {
  spec: ChartSpec;
  metrics: MetricsResult;
  top: number | undefined;
  bridgeSteps: number;
  onZoom: (from: number, to: number) => void;
}

function Chart({ spec, metrics, ...chart }: ChartProps) {
  const data = useMemo(
    () => ({ from: metrics.from, to: metrics.to, times: metrics.times, lines: linesOf(spec, metrics.series) }),
    [spec, metrics],
  );
  if (data.lines.length === 0) return null;
  return (
    <Section title={spec.title}>
      <TimeChart title={spec.title} kind={spec.kind ?? 'lines'} unit={spec.unit} data={data} {...chart} />
    </Section>
  );
}
