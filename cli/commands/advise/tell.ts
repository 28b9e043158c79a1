/** A judged log in a terminal: what was read, then of each run the norm, the threshold and the diagnosis. */

import type { JudgedLog, JudgedRun, Verdict } from '../../../src/diagnose/index.js';
import { renderChart } from '../../terminal/chart.js';
import { columnsOf, hasColor, paint, type Sink } from '../../terminal/stream.js';
import { renderTable } from '../../terminal/table.js';
import { wrap } from '../demo/comparison.js';
import { stretchesOf } from './figures.js';
import {
  factsOfCandidate,
  headlineOf,
  inForceSentence,
  isFault,
  missingSentence,
  OUT_OF_SAMPLE,
  readSentences,
  runName,
  TOLD_RUNS,
  thresholdOf,
  warningsOf,
  whyOf,
} from './words.js';

/** Places along the chart: two values each, its lowest and its highest. */
const PLACES = 71;

/** The whole view, at most 80 columns wide. */
export function tellJudged(log: JudgedLog, sink: Sink): string {
  const width = columnsOf(sink);
  const more = log.judged.length - TOLD_RUNS;
  return [
    `${wrap(readSentences(log).join(' ').replaceAll('`', ''), width)}\n`,
    ...log.judged.slice(0, TOLD_RUNS).map((each, i) => {
      const heading = paint(runName(each, i), 'bold', hasColor(sink));
      return `${log.judged.length > 1 ? `${heading}\n\n` : ''}${tellRun(each, log, sink)}`;
    }),
    ...(more > 0 ? [`${more} more runs: --json tells of them, too.\n`] : []),
  ].join('\n');
}

function tellRun(judged: JudgedRun, log: JudgedLog, sink: Sink): string {
  const width = columnsOf(sink);
  const { advice, diagnosis } = judged;
  const [headline, ...others] = diagnosis.verdicts;
  const color = hasColor(sink);
  const head = (label: string, text: string, style: 'red' | 'green' | 'bold') =>
    wrap(`${label}: ${text}`, width, (line) => paint(line, ['bold', style], color));
  const [missing, why] = [missingSentence(judged), whyOf(judged)];
  const parts = [
    `${head('Diagnosis', headlineOf(headline), isFault(headline) ? 'red' : 'green')}\n${verdictLines(headline, width)}`,
    ...others.map(
      (verdict) => `${wrap(`Also: ${headlineOf(verdict)}`, width)}\n${verdictLines(verdict, width)}`,
    ),
    ...(missing ? [`${wrap(missing, width)}\n`] : []),
    ...chartOf(judged, sink),
    `${head('Threshold', thresholdOf(judged), 'bold')}\n${why === null ? '' : indented(why, width)}`,
  ];
  if (advice) {
    const columns = advice.candidates.map((each) => ({ label: each.name, cells: factsOfCandidate(each) }));
    parts.push(`${renderTable(columns, sink)}${wrap(OUT_OF_SAMPLE, width)}\n`);
  }
  const inForce = inForceSentence(judged, log);
  if (inForce) parts.push(`${wrap(inForce, width)}\n`);
  for (const warning of warningsOf(judged)) parts.push(`${wrap(`Note: ${warning}`, width)}\n`);
  return parts.join('\n');
}

/** What was seen, what it means, what to do. */
function verdictLines({ seen, means, next }: Verdict, width: number): string {
  return [seen, means, `Next: ${next}`].map((text) => indented(text, width)).join('');
}

function indented(text: string, width: number): string {
  return `${wrap(text, width - 2, (line) => `  ${line}`)}\n`;
}

function chartOf({ run, advice, keptAt }: JudgedRun, sink: Sink): string[] {
  const { steps, low, high } = stretchesOf(run.columns, 'norm', PLACES);
  if (steps.length < 2) return [];
  const series = {
    label: 'gradient norm',
    steps: steps.flatMap((step) => [step, step]),
    values: low.flatMap((value, i) => [value, high[i]]),
  };
  const threshold = keptAt ?? advice?.recommended.threshold;
  const thresholds = threshold === undefined ? [] : [threshold];
  return [renderChart([series], { title: 'Gradient norm over the steps', thresholds, sink, height: 10 })];
}
