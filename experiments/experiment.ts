/**
 * What an experiment is: somebody's claim about gradient clipping, a set-up that tests it, and the numbers that decide.
 * The engine that runs, prints and draws them knows no experiment; a new one is one file and one line in index.ts.
 */

import type { Figure } from '../src/report/index.js';

/** The articles whose claims are tested, the paper that one claim comes from, and what this project says of itself. */
export type Source = 'handbook' | 'circuit breaker' | 'glossary' | 'Pascanu et al. 2013' | 'tamegrad';

/** What the articles are, for those who meet their short names. */
export const sourcesText =
  'The claims are short quotes. *handbook*: Michael Brenndoerfer, Language AI Handbook, chapter “Gradient Clipping”. *circuit breaker*: Applied ML, “Gradient Clipping: a circuit breaker, not a cure”. *glossary*: InsertChat glossary, “Gradient Clipping”. One is from the paper by Pascanu, Mikolov and Bengio (2013). Two, *tamegrad*, are what this project promises to show. The set-up and the criterion of an experiment say how its claim was understood.';

/** What may come of a claim. */
export type Verdict = 'holds' | 'holds under conditions' | 'does not hold as written' | 'not testable here';

/** The parts of the list. */
export const groups = {
  growth: 'How gradients grow',
  mechanism: 'What clipping does to a gradient',
  rescue: 'What clipping rescues, and what it does not',
  threshold: 'Rates, bias, thresholds',
  plumbing: 'Optimizers and the order of things',
} as const;

/** A part of the list. */
export type Group = keyof typeof groups;

/** One criterion: what was measured, what it must be, and whether it is. */
export interface Check {
  readonly what: string;
  readonly value: number;
  /** The criterion in words: `< 0.05`, `= 0.111 ± 1e-6`. */
  readonly rule: string;
  readonly holds: boolean;
}

/** What one run of an experiment found. */
export interface Finding {
  /** All must hold for the verdict; the first is the number that stands in tables. */
  readonly checks: readonly Check[];
  /** The chart that makes the point; none where a claim cannot be tested. */
  readonly figure?: Figure;
}

/** One claim and its test. */
export interface Experiment {
  /** Its place in the list of claims, from 1. */
  readonly number: number;
  /** A short name in small letters and hyphens: `fixed-point-bias`. */
  readonly name: string;
  readonly group: Group;
  /** The claim in the article's own words. */
  readonly claim: string;
  readonly source: Source;
  /** What is built, in a sentence. */
  readonly setUp: string;
  /** What is measured, and what it must be for the verdict, in a sentence. */
  readonly criterion: string;
  /** What the checks, if all hold, say of the claim. */
  readonly verdict: Verdict;
  /** Where the claim holds and where it does not; for `holds under conditions` alone. */
  readonly condition?: string;
  /** What it means, for a student. */
  readonly explanation: string;
  /** Runs it; `seed` decides all that is random. */
  run(seed: number): Finding | Promise<Finding>;
}
