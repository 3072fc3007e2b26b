import type uPlot from 'uplot';

const FAINTEST = 0.06;
const GAP_PX = 1;

/** Draws every series as a strip of its own, first on top: the more percent, the deeper the colour. A hole stays empty. */
export function drawRows(plot: uPlot, color: string): void {
  const { ctx, bbox } = plot;
  const [times, ...rows] = plot.data;
  if (times === undefined || rows.length === 0) return;
  const rowPx = bbox.height / rows.length;
  const gapPx = rowPx > 4 ? GAP_PX * devicePixelRatio : 0;
  const edges = Array.from(times, (time) => Math.round(plot.valToPos(time, 'x', true)));
  // The last step is as wide as the one before it.
  edges.push((edges.at(-1) ?? 0) + Math.max(1, (edges.at(-1) ?? 0) - (edges.at(-2) ?? 0)));

  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = color;
  rows.forEach((values, row) => {
    const y = bbox.top + row * rowPx;
    let shown: number | null = null;
    for (let step = 0; step < values.length; step++) {
      const value = values[step];
      if (value !== undefined) shown = value;
      if (shown === null) continue;
      const left = edges[step] ?? 0;
      ctx.globalAlpha = FAINTEST + (1 - FAINTEST) * Math.min(1, shown / 100);
      ctx.fillRect(left, y, (edges[step + 1] ?? left) - left, rowPx - gapPx);
    }
  });
  ctx.restore();
}

/** Where the strips' labels go on an axis from 0 (below) to `count`: all of up to eight, else eight evenly spread. */
export function rowSplits(count: number): number[] {
  const every = Math.ceil(count / 8);
  const splits: number[] = [];
  for (let row = 0; row < count; row += every) splits.push(count - row - 0.5);
  return splits.reverse();
}
