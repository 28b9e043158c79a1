/** The alarm of a training loop. */

import { defineExercise } from '../../core/exercise.js';
import type session from './session.js';

const MEDIAN = `function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
`;

const TYPED = MEDIAN.replace('median(values)', 'median(values: number[]): number');

/** A program like the reference: how the usual norm is found, when a norm rings, what is remembered. */
const program = (
  usual: string,
  rings: string,
  remembered = 'if (Number.isFinite(norm)) before.push(norm);',
): string => `${MEDIAN}
export function alarms(norms, k) {
  const steps = [];
  const before = [];
  norms.forEach((norm, step) => {
    const usual = ${usual};
    if (${rings}) steps.push(step);
    ${remembered}
  });
  return steps;
}`;

const LAST = 'before.length < 3 ? Infinity : median(before.slice(-9))';
const RINGS = '!Number.isFinite(norm) || norm > k * usual';
const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

export default defineExercise<typeof session>({
  starter: `${TYPED}
/** The steps whose norms should ring. */
export function alarms(norms: number[], k: number): number[] {
  return [];
}
`,
  reference: `${TYPED}
export function alarms(norms: number[], k: number): number[] {
  const steps: number[] = [];
  const before: number[] = [];
  norms.forEach((norm, step) => {
    if (!Number.isFinite(norm)) {
      steps.push(step);
      return;
    }
    if (before.length >= 3 && norm > k * median(before.slice(-9))) steps.push(step);
    before.push(norm);
  });
  return steps;
}
`,
  checks: [
    {
      name: 'a leap rings, and the step behind it does not',
      call: 'alarms',
      given: [[1, 1.1, 0.9, 1, 30, 1, 1.05], 5],
    },
    {
      name: 'a second leap rings as well as the first',
      call: 'alarms',
      given: [[1, 1, 1, 1, 100, 1, 1, 60, 1], 5],
    },
    { name: 'NaN and infinity ring', call: 'alarms', given: [[1, 1, 1, nan, 1, infinity, 1], 5] },
    { name: 'exactly k times the usual does not', call: 'alarms', given: [[1, 1, 1, 5, 1], 5] },
    {
      name: 'norms that grow slowly do not ring, however far they get',
      call: 'alarms',
      given: [Array.from({ length: 40 }, (_, step) => 1.2 ** step), 5],
      hidden: true,
    },
    {
      name: 'norms that fall do not ring, though the first are far above the last',
      call: 'alarms',
      given: [Array.from({ length: 30 }, (_, step) => 100 * 0.8 ** step), 5],
      hidden: true,
    },
    {
      name: 'a leap rings after many steps that were not finite, too',
      call: 'alarms',
      given: [[1, 1, 1, nan, nan, nan, nan, nan, 40, 1], 5],
      hidden: true,
    },
  ],
  mistakes: [
    {
      source: program(
        'before.length < 3 ? Infinity : before.slice(-9).reduce((sum, x) => sum + x, 0) / Math.min(9, before.length)',
        RINGS,
      ),
      hint: 'You compare with the mean. One leap lifts the mean so far that the next one hides below it; the median hardly notices.',
    },
    {
      source: program(LAST, 'norm > k * usual'),
      hint: 'NaN compares false with everything, so that your alarm stays silent at the very step where it matters most. Ask whether the norm is finite.',
    },
    {
      source: program(LAST, '!Number.isFinite(norm) || norm >= k * usual'),
      hint: 'With >= a norm of exactly k times the usual rings, too. It should be more than that.',
    },
    {
      source: program('before.length < 3 ? Infinity : median(before)', RINGS),
      hint: 'You look back to the first step. In a run whose norms grow or fall slowly, what was usual then is not usual now: take the last nine.',
    },
    {
      source: program('median(norms.filter(Number.isFinite))', RINGS),
      hint: 'Your median knows the future: it is that of the whole run. An alarm rings while the run goes on, and knows the norms before it only.',
    },
    {
      source: program(LAST, RINGS, 'before.push(norm);'),
      hint: 'A NaN that gets among the norms before makes the median NaN, and then nothing ever rings again. Leave out what is not finite.',
    },
  ],
});
