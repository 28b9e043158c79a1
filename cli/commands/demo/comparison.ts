/** The comparison in a terminal: two charts, the table of runs, the demo's last words, the verdict. */

import type { Comparison } from '../../../demos/compare.js';
import type { Outcome } from '../../../demos/demo.js';
import type { StepRecord } from '../../../src/index.js';
import { clipLegend } from '../../clip-names.js';
import { type ChartSeries, renderChart } from '../../terminal/chart.js';
import { columnsOf, hasColor, paint, type Sink } from '../../terminal/stream.js';
import { renderTable } from '../../terminal/table.js';
import { briefFactsOf, factsOf, noticeOf } from './report-page.js';

/** The whole view, at most 80 columns wide. */
export function renderComparison(comparison: Comparison, sink: Sink): string {
  const { demo, setup, outcomes } = comparison;
  const bounds = outcomes.flatMap(({ spec: { threshold } }) => (threshold === null ? [] : [threshold]));
  const thresholds = [...new Set(bounds)].sort((a, b) => a - b);
  const parts = [
    renderChart(
      seriesOf(outcomes, (record) => record.loss),
      { title: `${demo.name}: loss`, sink },
    ),
    renderChart(
      seriesOf(outcomes, (record) => record.normBefore),
      {
        title: `${demo.name}: gradient norm before clipping`,
        thresholds,
        sink,
      },
    ),
    renderTable(
      outcomes.map((outcome) => ({
        label: outcome.spec.text,
        cells: factsOf(comparison, outcome),
        brief: briefFactsOf(outcome),
        bad: outcome.summary.diverged,
      })),
      sink,
    ),
  ];
  const legend = clipLegend(outcomes.map(({ spec }) => spec));
  if (legend) parts.push(`${wrap(legend, columnsOf(sink))}\n`);
  const last = setup.epilogue?.(outcomes);
  if (last) parts.push(`${last}\n`);
  const bold = (text: string) => paint(text, 'bold', hasColor(sink));
  const notice = noticeOf(comparison);
  const words = `${notice ? `${notice}. ` : ''}${setup.verdict(outcomes)}`.replaceAll('`', '');
  // Of many runs each begins a line of its own.
  const lines = outcomes.length > 2 ? words.split(/(?<=\.) (?=Under |Without clipping )/) : [words];
  parts.push(lines.map((line) => `${wrap(line, columnsOf(sink), bold)}\n`).join(''));
  return parts.join('\n');
}

function seriesOf(outcomes: readonly Outcome[], pick: (record: StepRecord) => number): ChartSeries[] {
  return outcomes.map(({ spec, result: { records, divergence } }) => ({
    label: spec.text,
    steps: records.map(({ step }) => step),
    values: records.map(pick),
    ends: divergence ? `diverged at step ${divergence.step}` : undefined,
  }));
}

/** Text broken at spaces into lines of at most `width` characters, each styled. */
export function wrap(text: string, width: number, style: (line: string) => string = (line) => line): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line ? `${line} ${word}` : word;
    }
  }
  return [...lines, line].map(style).join('\n');
}
