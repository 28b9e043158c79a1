/**
 * The cliff: one recurrent unit whose error, seen over its two parameters, has a wall in it (Pascanu, Mikolov &
 * Bengio 2013, Fig. 6). Small enough to draw whole: the surface, and both descents on it. No data, no random
 * numbers, and float64 throughout, because near the wall one bit of float32 is a different descent.
 */

import type { Demo, Setup } from '../demo.js';
import { FIRST_STATE, STARTS, startCliff, TARGET } from './model.js';
import { cliffVerdict, hasArrived } from './outcome.js';
import { cliffSections } from './story.js';

/** One unit, two parameters, a wall: the whole story on one map. */
export const cliff: Demo = {
  name: 'cliff',
  title: 'The cliff: one unit, two parameters, and a wall',
  summary: 'descents meet a wall in the error surface (Pascanu et al. 2013)',
  lead: ({ optimizer }) =>
    `One recurrent unit with no input, xₜ = w·σ(xₜ₋₁) + b from x₀ = ${FIRST_STATE}, is asked for σ(x₅₀) = ${TARGET}: the error is E₅₀ = (σ(x₅₀) − ${TARGET})², and ${optimizer === 'adam' ? 'Adam' : 'plain gradient descent'} looks for w and b (Pascanu, Mikolov & Bengio 2013, Fig. 6). Nothing here is random, so the seed changes nothing; all is computed in float64, which the reference backend does whatever else is asked for.`,
  defaults: { steps: 2000, lr: 0.1 },
  options: [
    {
      name: 'start',
      value: 'w,b',
      description: 'where the descent starts',
      default: STARTS[0],
      choices: STARTS,
    },
  ],
  setUp: (config): Setup => ({
    start: () => startCliff(config),
    verdict: (outcomes) => cliffVerdict(config, outcomes),
    succeeded: hasArrived,
    sections: (outcomes) => cliffSections(config, outcomes),
  }),
};
