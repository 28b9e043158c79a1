/** Sentences about a judged log that terminal and page share. */

import type {
  Cause,
  JudgedLog,
  JudgedRun,
  Run,
  ThresholdCandidate,
  Verdict,
} from '../../../src/diagnose/index.js';
import { shown } from '../../../src/diagnose/read/log-error.js';
import { formatNumber, formatPercent } from '../../../src/report/index.js';

/** Text of a log in a sentence that sets names between backticks. */
const clean = (text: string): string => shown(text, 100).replaceAll('`', "'");

/** Runs that are told; all of them are in the JSON. */
export const TOLD_RUNS = 6;
/** Columns and steps that are named. */
const NAMED = 4;

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

const roleNames = {
  step: 'step',
  epoch: 'epoch',
  loss: 'loss',
  norm: 'gradient norm',
  normAfter: 'norm after clipping',
  clipped: 'clipped',
  lr: 'learning rate',
  batch: 'batch',
} as const;

/** What was read of the log: form, rows and runs, columns taken and left, and what was left out. */
export function readSentences(log: JudgedLog): string[] {
  const { form, framework, runs, files } = log;
  const rows = runs.reduce((sum, run) => sum + run.rows, 0);
  const from = framework === null ? '' : `, by its columns of ${framework.name}`;
  const several = [
    runs.length > 1 ? `${runs.length} runs` : '',
    files.length > 1 ? `${files.length} files` : '',
  ].filter(Boolean);
  return [
    `${plural(rows, 'row')} of ${form}${from}${several.length > 0 ? `: ${several.join(' in ')}` : ''}. Columns: ${columnsSaid(log)}.`,
    ...partsSaid(log),
    ...leftSaid(log),
    ...objectiveSaid(log),
    ...(log.columns.step === undefined ? ['No column counts the steps: rows are counted.'] : []),
    ...runs.flatMap((run) => runSentences(run, log)),
    ...leftOutSaid(log),
    ...log.notes.map((note) => shown(note, 300)),
  ].filter((sentence, i, all) => all.indexOf(sentence) === i);
}

function columnsSaid({ columns, parts }: JudgedLog): string {
  const used = Object.entries(roleNames).flatMap(([role, name]) => {
    const column = columns[role as keyof typeof roleNames];
    if (column === undefined) return parts[role as 'loss' | 'norm'] === undefined ? [] : [name];
    // An epoch that is the step is named once.
    if (role === 'epoch' && column === columns.step) return [];
    return [column === name ? name : `${name} \`${clean(column)}\``];
  });
  return used.join(', ');
}

function partsSaid({ parts }: JudgedLog): string[] {
  const list = (names: readonly string[]): string => some(names.map((name) => `\`${clean(name)}\``));
  return [
    ...(parts.loss ? [`There is no total loss: it is the sum of ${list(parts.loss)}.`] : []),
    ...(parts.norm
      ? [`There is no total norm: it is the root of the sum of squares of ${list(parts.norm)}.`]
      : []),
  ];
}

/** What may be a loss or a norm and was not taken, and how to take it. */
function leftSaid({ left }: JudgedLog): string[] {
  if (left.length === 0) return [];
  const isNorm = /grad|norm/i.test(left[0]);
  return [
    `Not taken: ${some(left.map((name) => `\`${clean(name)}\``))}; \`--${isNorm ? 'norm' : 'loss'} '${clean(left[0])}'\` would.`,
  ];
}

function objectiveSaid({ objective, columns }: JudgedLog): string[] {
  if (objective === 'reward')
    return [
      'Its columns are of reinforcement learning: the loss is not judged by its level, norms and numbers that are not finite are.',
    ];
  if (objective === 'adversarial') {
    return [
      `Its losses work against each other: \`${clean(columns.loss ?? '')}\` is read, and judged for numbers that are not finite alone.`,
    ];
  }
  return [];
}

function runSentences(run: Run, { columns, runs }: JudgedLog): string[] {
  const whose = runs.length > 1 && run.label !== '' ? `Of ${clean(run.label)}: ` : '';
  const say = (text: string): string => (whose === '' ? text : whose + text[0].toLowerCase() + text.slice(1));
  const { resumedAt, repeated, sameStep, isCountedOn } = run;
  return [
    ...(isCountedOn
      ? [`\`${clean(columns.step ?? 'step')}\` starts over with each epoch: its steps are counted on.`]
      : []),
    ...(resumedAt.length > 0
      ? [
          say(
            `It was resumed at step ${some(resumedAt.map(formatNumber))}: ${plural(repeated, 'row')} before that ${repeated === 1 ? 'was' : 'were'} repeated and counted once.`,
          ),
        ]
      : []),
    ...(sameStep > 0
      ? [
          say(
            `${plural(sameStep, 'row')} repeat${sameStep === 1 ? 's' : ''} the step before, as of several processes: the first is taken.`,
          ),
        ]
      : []),
  ];
}

function leftOutSaid({ broken, others, silent, stepless, stride }: JudgedLog): string[] {
  const { count, lines } = broken;
  const first = `${count > lines.length ? 'the first are ' : ''}${plural(lines.length, 'line', true)} ${lines.join(', ')}`;
  return [
    ...(count > 0 ? [`${plural(count, 'broken line')} left out (${first}).`] : []),
    ...(others > 0 ? [`${plural(others, 'row')} of validation or testing left out.`] : []),
    ...(silent > 0 ? [`${plural(silent, 'row')} without loss and norm left out.`] : []),
    ...(stepless > 0 ? [`${plural(stepless, 'row')} without a step left out.`] : []),
    ...(stride > 1 ? [`So many rows that one in ${stride} is used: single spikes may be missing.`] : []),
  ];
}

/** The first few of a list: `a, b and 7 more`. */
function some(names: readonly string[]): string {
  const first = names.slice(0, NAMED).join(', ');
  return names.length > NAMED ? `${first} and ${names.length - NAMED} more` : first;
}

function plural(count: number, thing: string, hideCount = false): string {
  return `${hideCount ? '' : `${count} `}${thing}${count === 1 ? '' : 's'}`;
}

/** The name of a run in a heading: `Run 2: clip norm:1`. */
export function runName({ run: { label } }: JudgedRun, index: number): string {
  return `Run ${index + 1}${label ? `: ${clean(label)}` : ''}`;
}

/** The run in a sentence of several: `Run 2 (clip norm:1)`. */
export function runInSentence({ run: { label } }: JudgedRun, index: number): string {
  return `Run ${index + 1}${label ? ` (${clean(label)})` : ''}`;
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

/** The threshold that clipped the run and what it did; null where nothing tells of one. */
export function inForceSentence({ inForce }: JudgedRun, { framework }: JudgedLog): string | null {
  if (inForce === null) return null;
  const { threshold, source, rate } = inForce;
  const did = `it clipped ${formatPercent(rate)} of the steps`;
  const value = formatNumber(threshold);
  if (source === 'given') return `In force: ${value}, as --clip says; ${did}.`;
  if (source === 'logged') return `In force: ${value}, as a column of the log says; ${did}.`;
  if (source === 'seen') return `In force: ${value}, the norm that clipped steps were left with; ${did}.`;
  return `In force, as an assumption: ${value} (${framework?.name}: ${framework?.option}); if so, ${did}. --clip says it for certain.`;
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
