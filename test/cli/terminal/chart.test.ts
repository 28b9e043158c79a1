import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ChartSeries, renderChart } from '../../../cli/terminal/chart.js';
import type { RunView } from '../../../src/report/index.js';
import type { StepRecord } from '../../../src/train/record.js';
import { clippedRun, explodingRun } from '../../report/fixtures.js';
import { FakeSink, hasEscapes, plainLines, widest } from './sink.js';

const pipe = new FakeSink(false);
const terminal = new FakeSink(true);

function seriesOf(
  run: RunView,
  value: (record: StepRecord) => number = (record) => record.loss,
): ChartSeries {
  return {
    label: run.label,
    steps: run.records.map((record) => record.step),
    values: run.records.map(value),
    ends: run.divergence ? `diverged at step ${run.divergence.step}` : undefined,
  };
}

const losses = [seriesOf(explodingRun()), seriesOf(clippedRun())];
/** Rows of the plot: those with an axis, without the arrow on top and the axis below. */
const plotRows = (text: string) => plainLines(text).filter((line) => /[┤│]/.test(line));
/** Column of each glyph in each row. */
const columnsOf = (text: string, glyph: string) =>
  plotRows(text).map((line) => [...line].flatMap((character, k) => (character === glyph ? [k] : [])));

beforeEach(() => vi.stubEnv('NO_COLOR', ''));
afterEach(() => vi.unstubAllEnvs());

describe('renderChart', () => {
  const chart = renderChart(losses, { title: 'loss by step', sink: pipe });

  it('fits into 80 columns and fills them', () => {
    expect(widest(chart)).toBeLessThanOrEqual(80);
    expect(widest(chart)).toBeGreaterThan(70);
    const long = losses.map((entry) => ({ ...entry, label: 'norm:'.repeat(40), ends: 'x'.repeat(90) }));
    const crowded = renderChart(long, {
      title: 'y'.repeat(200),
      sink: pipe,
      thresholds: Array.from({ length: 40 }, (_, k) => k / 7 + 0.1),
    });
    expect(widest(crowded)).toBeLessThanOrEqual(80);
  });

  it('has tidy ticks on both axes', () => {
    const labels = plotRows(chart).flatMap((line) => line.match(/^\s*(\S+)┤/)?.[1] ?? []);
    expect(labels).toEqual(['1e3', '100', '10', '1', '0.1', '0.01']);
    expect(plainLines(chart).some((line) => /^\s*0\s+100\s+200\s*$/.test(line))).toBe(true);
  });

  it('names each run with its glyph, where it diverged and how far it went', () => {
    expect(chart).toContain('● none ✗ diverged at step 35, off the chart: up to 4.82e25');
    expect(chart).toContain('◆ norm:1');
  });

  it('draws a falling loss falling and ends the diverged line where it left', () => {
    const calm = columnsOf(chart, '◆');
    const rowsWith = (column: number) =>
      calm.flatMap((columns, row) => (columns.includes(column) ? [row] : []));
    const all = calm.flat();
    const [first, last] = [Math.min(...all), Math.max(...all)];
    expect(Math.max(...rowsWith(last))).toBeGreaterThan(Math.min(...rowsWith(first)) + 4);
    for (let column = first; column <= last; column += 1) expect(rowsWith(column).length).toBeGreaterThan(0);
    expect(Math.max(...columnsOf(chart, '●').flat())).toBeLessThan(first + 10);
  });

  it('draws a threshold behind the lines', () => {
    const norms = [seriesOf(clippedRun(), (record) => record.normBefore)];
    const text = renderChart(norms, {
      title: 'norm',
      sink: pipe,
      thresholds: [0, 0.1, 1],
    });
    const row = plotRows(text).find((line) => line.includes('┄')) ?? '';
    expect(row).toMatch(/^\s*1┤┄/);
    expect(row).toContain('●');
    expect(plotRows(text).filter((line) => line.includes('┄')).length).toBe(2);
    expect(text).toContain('┄ threshold 0.1, 1; off the chart: threshold 0');
  });

  it('colours on a terminal only, and honours NO_COLOR', () => {
    expect(hasEscapes(chart)).toBe(false);
    const colored = renderChart(losses, { title: 'loss', sink: terminal });
    expect(hasEscapes(colored)).toBe(true);
    expect(widest(colored)).toBeLessThanOrEqual(80);
    vi.stubEnv('NO_COLOR', '1');
    expect(hasEscapes(renderChart(losses, { title: 'loss', sink: terminal }))).toBe(false);
  });

  it.each([
    ['no series', []],
    ['no steps', [{ label: 'a', steps: [], values: [] }]],
    [
      'nothing finite',
      [
        {
          label: 'a',
          steps: [0, 1],
          values: [Number.NaN, Number.POSITIVE_INFINITY],
          ends: 'diverged at step 0',
        },
      ],
    ],
    ['zeros', [{ label: 'a', steps: [0, 1], values: [0, 0] }]],
  ])('says that there is nothing to draw: %s', (_, series) => {
    const text = renderChart(series, { title: 'loss', sink: pipe });
    expect(text).toContain('no finite value');
    expect(text).not.toMatch(/NaN|undefined/);
  });

  it.each([
    ['one step', [{ label: 'a', steps: [0], values: [1] }]],
    ['a constant', [{ label: 'a', steps: [0, 1, 2], values: [5, 5, 5] }]],
    ['all decades', [{ label: 'a', steps: [0, 1, 2], values: [1e-300, 1, 1e300] }]],
    [
      'four runs',
      ['a', 'b', 'c', 'd'].map((label, k) => ({
        ...losses[1],
        label,
        values: losses[1].values.map((v) => v * (k + 1)),
      })),
    ],
    ['ten thousand steps', [seriesOf(clippedRun('long', 1, 10_000))]],
  ])('draws %s', (_, series) => {
    const text = renderChart(series, { title: 'loss', sink: pipe });
    expect(widest(text)).toBeLessThanOrEqual(80);
    expect(text).not.toMatch(/NaN|undefined/);
    expect(plotRows(text).some((line) => /[●◆▲■]/.test(line))).toBe(true);
  });
});

describe('what a reader must not guess', () => {
  const run = (label: string, end: number, factor = 1): ChartSeries => ({
    label,
    steps: Array.from({ length: end + 1 }, (_, step) => step),
    values: Array.from({ length: end + 1 }, (_, step) => factor / (step + 1)),
  });
  const lines = (...series: ChartSeries[]) =>
    plainLines(renderChart(series, { title: 'loss', sink: new FakeSink(false) }));

  it('the axis along says what it counts and where it ends', () => {
    expect(
      lines(run('none', 137), run('norm:1', 299)).some((line) => line.trim() === 'step, up to 299'),
    ).toBe(true);
  });

  it('runs that lie upon one another are told in the legend, others are not', () => {
    const legend = lines(run('none', 9), run('norm:1', 9), run('norm:9', 9, 2))
      .slice(-3)
      .join('\n');
    expect(legend).toContain('norm:1, the same as none');
    expect(legend.match(/the same as/g)).toHaveLength(1);
  });
});
