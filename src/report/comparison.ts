/**
 * The figures that every comparison has, described from the records of its runs: loss, gradient norm before
 * and after the hooks, share of clipped steps, norm of each parameter.
 */
import { runningShare } from '../statistics/share.js';
import { checkArray } from '../tensor/arguments.js';
import type { StepRecord } from '../train/record.js';
import { formatNumber } from './format.js';
import { explosionCap } from './series.js';
import type { Axis, Figure, HeatFigure, LineFigure, PanelFigure, RunView, Series } from './types.js';

const STEP: Axis = { label: 'step', whole: true };
/** Above this many parameters, lines turn into spaghetti and each parameter gets a row of colour instead. */
const MAX_LINES = 6;
const HEAT_COLUMNS = 120;

/** What became of a run, in a few words; null where nothing stopped it. */
export function ending(run: RunView): string | null {
  return run.divergence ? `diverged at step ${run.divergence.step}` : null;
}

/** A run that has records, with the colour it keeps in every figure. */
interface Measured {
  readonly run: RunView;
  readonly style: number;
}

/** Figures of a comparison in reading order; those that would have nothing to show are left out. */
export function comparisonFigures(runs: readonly RunView[], lossUnit?: string): readonly Figure[] {
  checkArray('comparisonFigures', 'runs', runs, 'runs { label, records, … }');
  for (const run of runs) checkArray('comparisonFigures', 'the records of a run', run?.records, 'records');
  const measured = runs.map((run, style) => ({ run, style })).filter(({ run }) => run.records.length > 0);
  if (measured.length === 0) return [];
  const recorded = measured.map(({ run }) => run);
  const share = clippedFigure(measured);
  return [
    lossFigure(measured, lossUnit),
    normFigure(recorded),
    ...(share ? [share] : []),
    ...parameterFigures(recorded),
  ];
}

function line(run: RunView, style: number, value: (record: StepRecord) => number, label = run.label): Series {
  return {
    label,
    style,
    x: run.records.map((record) => record.step),
    y: run.records.map(value),
    ends: ending(run) ?? undefined,
  };
}

/** The cut of an axis that all runs share, if one of them explodes out of proportion. */
function capOf(
  runs: readonly RunView[],
  values: (record: StepRecord) => readonly number[],
): number | undefined {
  const pick = (diverged: boolean) =>
    runs
      .filter((run) => (run.divergence !== null) === diverged)
      .flatMap((run) => run.records.flatMap((record) => values(record)));
  return explosionCap(pick(false), pick(true));
}

function lossFigure(measured: readonly Measured[], unit?: string): LineFigure {
  const runs = measured.map(({ run }) => run);
  const max = capOf(runs, (record) => [record.loss]);
  return {
    kind: 'lines',
    title: 'Loss over training',
    caption: 'One line a run, one value a step, all from the same start.',
    x: STEP,
    y: { label: 'loss', unit, max },
    series: measured.map(({ run, style }) => line(run, style, (record) => record.loss)),
  };
}

function normFigure(runs: readonly RunView[]): PanelFigure {
  return {
    kind: 'panels',
    title: 'Gradient norm before and after clipping',
    caption: 'What backward produced, and what the optimizer saw. The panels share both axes.',
    x: STEP,
    y: { label: 'norm', max: capOf(runs, (record) => [record.normBefore]) },
    panels: runs.map((run) => ({
      title: run.label,
      series: [
        line(run, 0, (record) => record.normBefore, 'before clipping'),
        { ...line(run, 1, (record) => record.normAfter, 'after clipping'), ends: undefined },
      ].slice(0, run.records.some((record) => record.clipped) ? 2 : 1),
      levels:
        run.threshold === null ? [] : [{ label: `clip at ${formatNumber(run.threshold)}`, y: run.threshold }],
    })),
  };
}

function clippedFigure(measured: readonly Measured[]): LineFigure | null {
  const clipping = measured.filter(
    ({ run }) => run.threshold !== null || run.records.some((record) => record.clipped),
  );
  if (clipping.length === 0) return null;
  const steps = Math.max(...clipping.map(({ run }) => run.records.length));
  const window = Math.max(1, Math.min(100, Math.round(steps / 15)));
  return {
    kind: 'lines',
    title: 'Share of clipped steps',
    caption: `How often clipping changed the gradients, over the last ${window} steps. Runs that do not clip are left out.`,
    x: STEP,
    y: { label: 'clipped steps', unit: '%', scale: 'linear' },
    series: clipping.map(({ run, style }) => {
      const share = runningShare(
        run.records.map((record) => record.clipped),
        window,
      );
      const series = line(run, style, () => 0);
      return { ...series, y: share.map((part) => part * 100) };
    }),
  };
}

function parameterNames(runs: readonly RunView[]): readonly string[] {
  const names = new Set<string>();
  for (const run of runs)
    for (const record of run.records) for (const name of Object.keys(record.norms)) names.add(name);
  return [...names];
}

function parameterFigures(runs: readonly RunView[]): readonly Figure[] {
  const names = parameterNames(runs);
  if (names.length === 0) return [];
  const max = capOf(runs, (record) => Object.values(record.norms));
  if (names.length > MAX_LINES) {
    return runs
      .filter((run) => run.records.length > 0)
      .map((run) => parameterHeat(run, names, heatRange(runs, max)));
  }
  return [parameterPanels(runs, names, max)];
}

function parameterPanels(runs: readonly RunView[], names: readonly string[], max?: number): PanelFigure {
  const mixed = runs.some((run) => run.divergence) && runs.length > 1;
  const axes = mixed ? ' A run that diverged fills its panel, on axes of its own.' : '';
  return {
    kind: 'panels',
    title: 'Gradient norm of each parameter',
    caption: `Before clipping, one panel a run: where the gradient is large, and where it went.${axes}`,
    summary: runs.map((run) => peakSummary(run, names)).join(' '),
    x: STEP,
    y: { label: 'norm', max },
    panels: runs.map((run) => ({
      title: run.label,
      ends: ending(run) ?? undefined,
      ownAxes: run.divergence !== null,
      series: names.map((name, index) => ({
        ...line(run, index, (record) => record.norms[name] ?? Number.NaN, name),
        ends: parameterEnding(run, name),
      })),
    })),
  };
}

/** Where a parameter's line ends: its own last finite step, or the run's where no gradient is to blame. */
function parameterEnding({ divergence }: RunView, name: string): string | undefined {
  if (!divergence) return undefined;
  const { names, largest, step, what } = divergence;
  if (names.includes(name)) return `${name}: not finite at ${step}`;
  return names.length === 0 && name === largest ? `${what} not finite at ${step}` : undefined;
}

/** One range of colours for all runs, over at most twelve decades: below that a gradient is as good as gone. */
function heatRange(runs: readonly RunView[], max?: number): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const run of runs) {
    for (const record of run.records) {
      for (const norm of Object.values(record.norms)) {
        if (!Number.isFinite(norm) || norm <= 0) continue;
        low = Math.min(low, norm);
        high = Math.max(high, norm);
      }
    }
  }
  const top = Math.min(high || 1, max ?? Number.POSITIVE_INFINITY);
  return [Math.min(Math.max(low, top * 1e-12), top * 0.1), top];
}

function parameterHeat(run: RunView, names: readonly string[], range: readonly [number, number]): HeatFigure {
  const columns = Math.min(HEAT_COLUMNS, run.records.length);
  const values = new Float64Array(columns * names.length).fill(Number.NaN);
  names.forEach((name, row) => {
    run.records.forEach((record, at) => {
      const cell = row * columns + Math.floor((at * columns) / run.records.length);
      const norm = record.norms[name] ?? Number.NaN;
      // The largest of a bucket: a spike must not vanish between columns.
      if (!(values[cell] >= norm)) values[cell] = norm;
    });
  });
  const first = run.records[0].step;
  const last = run.records[run.records.length - 1].step;
  return {
    kind: 'heat',
    title: `Gradient norm of each parameter: ${run.label}`,
    caption: 'Before clipping, one row a parameter, input at the top.',
    summary: peakSummary(run, names),
    x: { ...STEP, range: [first, last + 1] },
    y: { label: 'parameter', range: [0, names.length], categories: names },
    z: { label: 'norm', range },
    columns,
    rows: names.length,
    values,
  };
}

function peakSummary(run: RunView, names: readonly string[]): string {
  const peaks = names.map((name) => {
    let best = { name, norm: -1, step: 0 };
    for (const record of run.records) {
      const norm = record.norms[name];
      if (Number.isFinite(norm) && norm > best.norm) best = { name, norm, step: record.step };
    }
    return best;
  });
  const found = peaks.filter((peak) => peak.norm >= 0);
  if (found.length === 0) return `${run.label}: no finite gradient norm.`;
  const top = found.reduce((a, b) => (b.norm > a.norm ? b : a));
  const end = ending(run);
  return `${run.label}: the largest is ${formatNumber(top.norm)}, of ${top.name} at step ${top.step}${end ? `; ${end}` : ''}.`;
}
