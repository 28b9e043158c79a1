import { clipByGlobalNorm, clipByValue, type GradientHook, Random } from '../../src/index.js';
import { above, exactly } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { stepWith, type Vector } from './clipped.js';

const COUNT = 1_000;
const MAX_NORM = 1;
const LIMITS = [1, 1.5, 2, 5];

/** How many of the gradients a limit changes, behind or before the norm. */
async function changed(
  gradients: readonly Vector[],
  limit: number,
  order: 'behind' | 'before',
): Promise<number> {
  const [norm, value] = [clipByGlobalNorm(MAX_NORM), clipByValue(limit)];
  const hooks: readonly GradientHook[] = order === 'behind' ? [norm, value] : [value, norm];
  let count = 0;
  for (const gradient of gradients) {
    const { report } = await stepWith(hooks, [gradient]);
    if (report.hooks[hooks.indexOf(value)].values.clippedElements > 0) count++;
  }
  return count;
}

/** No element is longer than the whole. */
export const valueLimitAboveNorm: Experiment = {
  number: 16,
  name: 'value-limit-above-norm',
  group: 'mechanism',
  claim: '[clip_value] Typically set higher than max_norm',
  source: 'handbook',
  setUp: `${COUNT} random gradients of 8 elements, their length from 0.1 to 100, clipped to norm ${MAX_NORM} and by value at ${LIMITS.join(', ')}, in both orders.`,
  criterion:
    'Behind norm clipping the value limit changes none of them, whatever it is; before norm clipping it changes some.',
  verdict: 'holds under conditions',
  condition:
    'where value clipping comes first, or alone. Behind norm clipping a value limit at or above max_norm can never do anything, so there is nothing to set.',
  explanation:
    'No element of a vector is larger than its length. Once the norm is at most 1, no element exceeds 1, and a limit of 1 or more on elements finds nothing to cut: the second clip is dead code. Only in front of the norm, where it can catch a single wild element before that shrinks all others, does such a limit have work to do.',
  run: async (seed) => {
    const random = new Random(seed);
    const gradients = Array.from({ length: COUNT }, () => {
      const scale = 10 ** random.uniform(-1, 2) / Math.sqrt(8);
      return Array.from({ length: 8 }, () => random.normal(0, scale));
    });
    const behind: number[] = [];
    const before: number[] = [];
    for (const limit of LIMITS) {
      behind.push(await changed(gradients, limit, 'behind'));
      before.push(await changed(gradients, limit, 'before'));
    }
    return {
      checks: [
        exactly('gradients changed behind the norm', Math.max(...behind), 0),
        above('gradients changed before it', Math.min(...before), 0),
      ],
      figure: {
        kind: 'lines',
        title: 'How many gradients a limit on elements changes',
        caption: `Of ${gradients.length}, all clipped to norm ${MAX_NORM}, before or behind the limit on elements.`,
        x: { label: 'limit on elements', scale: 'linear' },
        y: { label: 'gradients changed', scale: 'linear' },
        series: [
          { label: 'before norm clipping', x: LIMITS, y: before },
          { label: 'behind norm clipping', x: LIMITS, y: behind },
        ],
      },
    };
  },
};
