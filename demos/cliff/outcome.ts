/** What became of each descent on the cliff. */

import { formatNumber } from '../../src/report/index.js';
import type { DemoConfig, Outcome } from '../demo.js';
import { tellDivergence, tellRuns } from '../tell.js';
import { TARGET } from './model.js';

/** A run ends here or below: the error is gone to two digits of σ. */
const SOLVED = 1e-3;

/** What became of every descent, in a sentence each. */
export function cliffVerdict(config: DemoConfig, outcomes: readonly Outcome[]): string {
  return tellRuns(config, outcomes, 'the descent', fateOf);
}

/** Whether a descent arrived. */
export function hasArrived({ summary }: Outcome): boolean {
  return summary.finalLoss <= SOLVED;
}

function fateOf(outcome: Outcome): string {
  const { result, summary } = outcome;
  const told = tellDivergence(outcome);
  if (told) return told;
  const last = result.records[result.records.length - 1];
  if (!last) return 'took no step';
  const { steps, finalLoss } = summary;
  const clips = result.records.filter(({ clipped }) => clipped).length;
  const clipped = clips > 0 ? `, ${clips} of its ${steps} steps clipped` : '';
  const error = `E = ${formatNumber(finalLoss)}`;
  const step = `its longest step was ${formatNumber(largestStepOf(outcome))}${clipped}`;
  if (isStuck(outcome)) {
    const side = lastOutputOf(outcome) > TARGET ? '1' : '0';
    return `is stuck on a plateau at ${error}: the unit is saturated at ${side}, and a gradient of ${formatNumber(last.normBefore)} no longer moves it; ${step}`;
  }
  if (hasArrived(outcome)) return `came down to ${error}; ${step}`;
  const moved = finalLoss < 0.9 * summary.firstLoss ? 'is on its way' : 'has got nowhere';
  return `${moved}, at ${error} after ${steps} ${steps === 1 ? 'step' : 'steps'}; ${step}`;
}

/** Saturated, and with a gradient that moves nothing any more. */
export function isStuck(outcome: Outcome): boolean {
  const { records } = outcome.result;
  const last = records[records.length - 1];
  if (!last) return false;
  return Math.abs(lastOutputOf(outcome) - 0.5) > 0.49 && last.normBefore < 1e-4 && last.loss > SOLVED;
}

/** How far the longest step went in (w, b). */
export function largestStepOf({ measured }: Outcome): number {
  return measured.largestStep ?? Number.NaN;
}

function lastOutputOf({ measured }: Outcome): number {
  return measured.lastOutput ?? Number.NaN;
}
