import { clipByGlobalNorm, clipByValue } from '../../src/index.js';
import { below, near } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { clipped, degrees } from './clipped.js';

const GRADIENT = [100, 0.1];

/** Value clipping makes the small one count for more, not for most. */
export const towardTheSmaller: Experiment = {
  number: 14,
  name: 'toward-the-smaller',
  group: 'mechanism',
  claim: 'completely dominates the update direction toward the smaller',
  source: 'handbook',
  setUp: 'The gradient (100, 0.1), clipped by value at 1 and, beside it, by norm to 1.',
  criterion:
    'Value clipping leaves (1, 0.1): a turn of 5.65°, with the larger element still ten times the smaller. Norm clipping turns it by less than a millionth of a degree.',
  verdict: 'does not hold as written',
  explanation:
    'Before clipping the first element was a thousand times the second, after it ten times. The direction has moved, by 5.65°, and the small element counts a hundred times more than before, but the large one still leads. For the smaller to dominate, the larger would have to be cut below it, and a limit never does that: what exceeds it ends at the limit, what does not stays below.',
  run: async () => {
    const byValue = await clipped(clipByValue(1), GRADIENT);
    const byNorm = await clipped(clipByGlobalNorm(1), GRADIENT);
    return {
      checks: [
        near('degrees turned by value', degrees(GRADIENT, byValue), 5.653297, 1e-6),
        near('larger over smaller, after', byValue[0] / byValue[1], 10, 1e-12),
        below('degrees turned by norm', degrees(GRADIENT, byNorm), 1e-6),
      ],
      figure: {
        kind: 'bars',
        title: 'The two elements before and after',
        caption: 'Each clipped gradient is at most as long as the threshold of 1.',
        x: { label: 'element', scale: 'log' },
        bars: [
          { label: 'first, given', value: GRADIENT[0], style: 0 },
          { label: 'second, given', value: GRADIENT[1], style: 0 },
          { label: 'first, by value', value: byValue[0], style: 1 },
          { label: 'second, by value', value: byValue[1], style: 1 },
          { label: 'first, by norm', value: byNorm[0], style: 2 },
          { label: 'second, by norm', value: byNorm[1], style: 2 },
        ],
      },
    };
  },
};
