/** What may come of a training of the ladder, and of the seeds of a rung together. */

import { median, type RunSummary } from '../../src/index.js';
import type { StudyResult } from '../demo.js';

/** A run ends here or below: the sign is remembered. Guessing 0 gives a loss of 1. */
export const LEARNED = 0.1;
/** Between these a run does as well as guessing. */
const GUESSES = [0.8, 1.25] as const;

/** The five ways in which a training ends. */
export type Fate = 'diverged' | 'learned' | 'halfway' | 'guesses' | 'lost';

/** How one training ended. */
export function fateOf({ diverged, finalLoss }: RunSummary): Fate {
  if (diverged) return 'diverged';
  if (finalLoss < LEARNED) return 'learned';
  if (finalLoss < GUESSES[0]) return 'halfway';
  return finalLoss <= GUESSES[1] ? 'guesses' : 'lost';
}

/** The seeds of one ρ under one clip spec. */
export interface Cell {
  /** How most ended. */
  readonly fate: Fate;
  /** How many ended so, of how many. */
  readonly count: number;
  readonly of: number;
  /** Median over those that ended so. */
  readonly finalLoss: number;
  /** The latest step at which one of them diverged. */
  readonly divergedAtStep: number | null;
}

/** The most frequent fate; among equals, the worst. */
const FROM_WORST: readonly Fate[] = ['diverged', 'lost', 'guesses', 'halfway', 'learned'];

/** What came of the seeds of a rung; null where none was finished. */
export function cellOf(results: readonly StudyResult[]): Cell | null {
  if (results.length === 0) return null;
  const counts = FROM_WORST.map((fate) => results.filter(({ summary }) => fateOf(summary) === fate).length);
  const fate = FROM_WORST[counts.indexOf(Math.max(...counts))];
  const own = results.map(({ summary }) => summary).filter((summary) => fateOf(summary) === fate);
  const steps = own.flatMap(({ divergedAtStep }) => (divergedAtStep === null ? [] : [divergedAtStep]));
  return {
    fate,
    count: own.length,
    of: results.length,
    finalLoss: median(own.map(({ finalLoss }) => finalLoss)),
    divergedAtStep: steps.length > 0 ? Math.max(...steps) : null,
  };
}
