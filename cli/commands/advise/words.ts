/** Sentences about a judged log that terminal and page share. */

import type { Cause, ThresholdCandidate, Verdict } from '../../../src/index.js';
import { formatNumber, formatPercent } from '../../../src/report/index.js';
import type { Role } from './columns.js';
import type { Judged, JudgedRun } from './judge.js';

/** Runs that are told; all of them are in the JSON. */
export const TOLD_RUNS = 6;

const causes: Readonly<Record<Cause, string>> = {
  conditioning: 'the model is out of scale from the start',
  data: 'single batches are at fault',
  'learning-rate': 'the learning rate is too high',
  numerics: 'the arithmetic fails',
  threshold: 'the threshold replaces the learning rate',
  healthy: 'healthy',
  insurance: 'clipping is an insurance here',
  unknown: 'cannot tell',
};

/** `the learning rate is too high (confidence 95 %)`. */
export function headlineOf({ cause, confidence }: Verdict): string {
  return cause === 'unknown' ? causes[cause] : `${causes[cause]} (confidence ${formatPercent(confidence)})`;
}

/** Whether something is the matter with the run. */
export function isFault({ cause }: Verdict): boolean {
  return cause !== 'healthy' && cause !== 'insurance' && cause !== 'unknown';
}

const roleNames: Readonly<Record<Exclude<Role, 'norms'>, string>> = {
  step: 'step',
  epoch: 'epoch',
  loss: 'loss',
  norm: 'gradient norm',
  normAfter: 'norm after clipping',
  clipped: 'clipped',
  lr: 'learning rate',
  batch: 'batch',
};

/** What was read of the log: rows, columns, and what was left out. */
export function readSentences({ format, columns, runs, stride, silent, broken }: Judged): string[] {
  const rows = runs.reduce((sum, run) => sum + run.rows, 0);
  const used = Object.entries(roleNames).flatMap(([role, name]) => {
    const column = columns[role as Role];
    return column === undefined ? [] : [column === name ? name : `${name} \`${column}\``];
  });
  const { count, lines } = broken;
  const first = `${count > lines.length ? 'the first are ' : ''}${plural(lines.length, 'line', true)} ${lines.join(', ')}`;
  return [
    `${plural(rows, 'row')} of ${format}. Columns: ${used.join(', ')}.`,
    ...(columns.step === undefined ? ['No column counts the steps: rows are counted.'] : []),
    ...(runs.some(({ isCountedOn }) => isCountedOn)
      ? [`\`${columns.step}\` starts over with each epoch: its steps are counted on.`]
      : []),
    ...(count > 0 ? [`${plural(count, 'broken line')} left out (${first}).`] : []),
    ...(silent > 0 ? [`${plural(silent, 'row')} without loss and norm left out.`] : []),
    ...(stride > 1 ? [`So many rows that one in ${stride} is used: single spikes may be missing.`] : []),
  ];
}

function plural(count: number, thing: string, hideCount = false): string {
  return `${hideCount ? '' : `${count} `}${thing}${count === 1 ? '' : 's'}`;
}

/** The name of a run in a heading: `Run 2: clip norm:1`. */
export function runName({ run: { label } }: JudgedRun, index: number): string {
  return `Run ${index + 1}${label ? `: ${label}` : ''}`;
}

/** The run in a sentence of several: `Run 2 (clip norm:1)`. */
export function runInSentence({ run: { label } }: JudgedRun, index: number): string {
  return `Run ${index + 1}${label ? ` (${label})` : ''}`;
}

/** What to do about the threshold, in a few words: `2.31, the 90th percentile`. */
export function thresholdOf({ advice, lacking, keptAt }: JudgedRun): string {
  if (keptAt !== null) return `keep ${formatNumber(keptAt)}, under which the run is healthy`;
  if (advice === null) return `none. ${lacking}`;
  return `${formatNumber(advice.recommended.threshold)}, the ${advice.recommended.name}`;
}

/** Why that; of a run whose threshold is to be kept, what may be tried beside it. Null where there are too few norms. */
export function whyOf({ advice, keptAt }: JudgedRun): string | null {
  if (advice === null || keptAt === null) return advice?.why ?? null;
  const { threshold, name } = advice.recommended;
  return `The norms alone would name ${formatNumber(threshold)}, the ${name}: worth a try beside it, no more. ${advice.why}`;
}

/** What the table's third row is. */
export const OUT_OF_SAMPLE = 'Out of sample: chosen by the first half of the steps, counted on the second.';

/** What each candidate is and would have done. */
export function factsOfCandidate({ threshold, inSample, outOfSample }: ThresholdCandidate) {
  return {
    threshold: formatNumber(threshold),
    'steps clipped': formatPercent(inSample.rate),
    'steps clipped out of sample': formatPercent(outOfSample.rate),
    'step length lost': formatPercent(inSample.stepLengthLost),
  };
}

/** What speaks against the threshold. */
export function warningsOf({ advice, cutAt }: JudgedRun): readonly string[] {
  const cut =
    cutAt === null
      ? []
      : [
          `Many norms equal the largest, ${formatNumber(cutAt)}: they look clipped already. Log the norm before clipping; advice needs it.`,
        ];
  return [...cut, ...(advice?.warnings ?? [])];
}

/** A diagnosis lacks what the log lacks; null where that is nothing. */
export function missingSentence({ diagnosis: { missing } }: JudgedRun): string | null {
  return missing.length === 0 ? null : `The log lacks: ${missing.join(', ')}. With it more could be said.`;
}
