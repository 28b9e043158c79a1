/** Running experiments: one experiment and seed is a task, and a task's outcome is plain data that threads can pass. */

import type { Figure } from '../src/report/index.js';
import type { Check, Experiment, Verdict } from './experiment.js';

/** What came of one experiment with one seed. */
export interface Outcome {
  readonly number: number;
  readonly seed: number;
  /** Whether every criterion of the verdict was met. */
  readonly held: boolean;
  readonly checks: readonly Check[];
  /** Why there are no checks, where the run failed. */
  readonly error?: string;
  readonly figure?: Figure;
}

/** What came of one experiment over its seeds. */
export interface Result {
  readonly experiment: Experiment;
  readonly outcomes: readonly Outcome[];
}

/** Shares of the seeds that a verdict must hold on. */
const ENOUGH = 0.9;

/** Runs one; a failure is an outcome that did not hold, so that one broken experiment leaves the others. */
export async function runExperiment(experiment: Experiment, seed: number): Promise<Outcome> {
  const { number, verdict } = experiment;
  try {
    const { checks, figure } = await experiment.run(seed);
    const isTested = checks.length > 0 || verdict === 'not testable here';
    const held = isTested && checks.every(({ holds }) => holds);
    return { number, seed, held, checks, figure };
  } catch (error) {
    return { number, seed, held: false, checks: [], error: String(error) };
  }
}

/** How many of the seeds the verdict held on. */
export function heldCount({ outcomes }: Result): number {
  return outcomes.filter(({ held }) => held).length;
}

/** Whether the verdict stands: it held on nine seeds of ten, or on all where there are fewer. */
export function stands(result: Result): boolean {
  return heldCount(result) >= Math.ceil(ENOUGH * result.outcomes.length);
}

/** The verdict, or that this run does not confirm it. */
export function verdictOf(result: Result): Verdict | 'not confirmed' {
  return stands(result) ? result.experiment.verdict : 'not confirmed';
}
