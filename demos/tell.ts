/** Words that all demos share: how a run is named in a sentence, and what is said of one that diverged or was cut short. */

import { formatNumber } from '../src/report/index.js';
import type { DemoConfig, Outcome } from './demo.js';

/** `under norm:1`, or `without clipping (none)`, the spec between backticks. */
export function under(clip: string): string {
  return clip === 'none' ? 'without clipping (`none`)' : `under \`${clip}\``;
}

/** The same at the beginning of a sentence. */
export function startUnder(clip: string): string {
  const words = under(clip);
  return `${words[0].toUpperCase()}${words.slice(1)}`;
}

/**
 * What became of every run, a sentence each, all begun in the same way: "Under `norm:1` the network learned …". `fateOf`
 * speaks of the runs that ended by themselves; one that was interrupted or never moved gets no verdict.
 */
export function tellRuns(
  config: DemoConfig,
  outcomes: readonly Outcome[],
  subject: string,
  fateOf: (outcome: Outcome) => string,
): string {
  const { clips, steps } = config;
  const told = outcomes.map((outcome, k) => {
    const own = () => (isTrained(config, outcome) ? fateOf(outcome) : tellUntrained(outcome));
    const fate = isCutShort(outcome, steps) ? tellSoFar(outcome, steps) : own();
    return `${startUnder(outcome.spec.text)} ${k === 0 ? subject : 'it'} ${fate}.`;
  });
  const rest = clips.slice(outcomes.length).map((clip) => `\`${clip}\``);
  if (rest.length > 0) told.push(`${rest.join(', ')} ${rest.length === 1 ? 'was' : 'were'} not run.`);
  return told.join(' ');
}

/** Whether Ctrl-C, not the run itself, ended it. */
export function isCutShort({ result }: Outcome, steps: number): boolean {
  return result.interrupted && !result.divergence && result.records.length < steps;
}

/** Whether anything moved that a verdict could be about: at a rate of 0 no step changes a parameter. */
export function isTrained({ lr }: Pick<DemoConfig, 'lr'>, { summary }: Pick<Outcome, 'summary'>): boolean {
  return lr !== 0 || summary.diverged;
}

function tellUntrained({ summary }: Outcome): string {
  return `stayed as it began: at a learning rate of 0 no step changes anything (loss ${formatNumber(summary.finalLoss)})`;
}

function tellSoFar({ result, summary }: Outcome, steps: number): string {
  const taken = result.records.length;
  if (taken === 0) return 'was interrupted before its first step';
  return `was interrupted after ${taken} of ${steps} steps, at a loss of ${formatNumber(summary.finalLoss)}`;
}

/** "blew up at step 35, where the gradient of head.weight stopped being finite"; null for a run that stayed finite. */
export function tellDivergence({ result: { divergence } }: Outcome): string | null {
  if (!divergence) return null;
  const { step, what, names, largest } = divergence;
  const named = listNames(names);
  if (what !== 'loss') {
    const thing = what === 'parameter' ? 'value' : what;
    return `blew up at step ${step}, where the ${thing} of ${named} stopped being finite`;
  }
  const lost = `blew up at step ${step}, where the loss stopped being finite`;
  if (names.length > 0) return `${lost}, and with it the gradient of ${named}`;
  return largest === '' ? lost : `${lost} (the largest gradient, still finite, was that of ${largest})`;
}

function listNames(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 2).join(', ')} and ${names.length - 2} more` : names.join(', ');
}
