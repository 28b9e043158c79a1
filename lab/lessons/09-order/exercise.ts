/** One update with all its stages, in an order that does no damage. */

import { defineExercise } from '../../core/exercise.js';
import type session from './session.js';

const calm = { scale: 64, c: 1, decay: 0, lr: 0.1 };
const [LONG, SHORT] = [
  [
    [640, 0],
    [0, 128],
  ],
  [
    [12.8, 0],
    [0, 25.6],
  ],
];

/** A program whose stages are in some order; pieces as the reference has them. */
const program = (body: string): string => `export function update(theta, micro, { scale, c, decay, lr }) {
  const times = (g, k) => g.map((x) => x * k);
  const sum = (gs) => gs[0].map((_, i) => gs.reduce((total, g) => total + g[i], 0));
  const norm = (g) => Math.sqrt(g.reduce((total, x) => total + x * x, 0));
  const clip = (g) => (norm(g) > c ? times(g, c / norm(g)) : g);
  const decayed = (g) => g.map((x, i) => x + decay * theta[i]);
  const step = (g) => theta.map((x, i) => x - lr * g[i]);
${body}
}`;
const CHECK = '  if (!Number.isFinite(norm(sum(micro)))) return theta;';

export default defineExercise<typeof session>({
  starter: `interface Options {
  scale: number;
  c: number;
  decay: number;
  lr: number;
}

/** The weights after one update. Each gradient in micro is multiplied by scale. */
export function update(theta: number[], micro: number[][], { scale, c, decay, lr }: Options): number[] {
  const times = (g: number[], k: number) => g.map((x) => x * k);
  const norm = (g: number[]) => Math.sqrt(g.reduce((total, x) => total + x * x, 0));

  return theta;
}
`,
  reference: `interface Options {
  scale: number;
  c: number;
  decay: number;
  lr: number;
}

export function update(theta: number[], micro: number[][], { scale, c, decay, lr }: Options): number[] {
  const times = (g: number[], k: number) => g.map((x) => x * k);
  const norm = (g: number[]) => Math.sqrt(g.reduce((total, x) => total + x * x, 0));

  const sum = theta.map((_, i) => micro.reduce((total, g) => total + g[i], 0));
  const mean = times(sum, 1 / micro.length / scale);
  const length = norm(mean);
  if (!Number.isFinite(length)) return theta;
  const clipped = length > c ? times(mean, c / length) : mean;
  return theta.map((x, i) => x - lr * (clipped[i] + decay * x));
}
`,
  checks: [
    {
      name: 'a short gradient is averaged, un-scaled and subtracted',
      call: 'update',
      given: [[1, 1], SHORT, calm],
    },
    {
      name: 'a long one is c long, in the direction of the mean',
      call: 'update',
      given: [[1, 1], LONG, calm],
    },
    {
      name: 'weight decay is not clipped',
      call: 'update',
      given: [[1, 2], LONG, { ...calm, decay: 0.5 }],
    },
    {
      name: 'nor scaled, where nothing is clipped',
      call: 'update',
      given: [[1, 2], SHORT, { ...calm, decay: 0.25 }],
    },
    {
      name: 'a gradient that is infinite changes nothing',
      call: 'update',
      given: [
        [1, 2],
        [
          [Number.POSITIVE_INFINITY, 0],
          [0, 64],
        ],
        calm,
      ],
    },
    {
      name: 'nor does one that is NaN, decay or not',
      call: 'update',
      given: [
        [1, 2],
        [
          [1, 64],
          [Number.NaN, 0],
        ],
        { ...calm, decay: 0.5 },
      ],
      hidden: true,
    },
    {
      name: 'three micro-batches, another scale',
      call: 'update',
      given: [
        [1, 2, 3],
        [
          [3, 6, 9],
          [300, 0, 3],
          [0, -60, 3],
        ],
        { scale: 3, c: 2, decay: 0.1, lr: 1 },
      ],
      hidden: true,
    },
  ],
  mistakes: [
    {
      source: program(`${CHECK}
  return step(decayed(times(clip(times(sum(micro), 1 / micro.length)), 1 / scale)));`),
      hint: 'You clip before you un-scale: the length that you compare with c is still multiplied by the loss scale, so the threshold in force is c / scale.',
    },
    {
      source: program(`${CHECK}
  return step(decayed(times(sum(micro.map((g) => clip(times(g, 1 / scale)))), 1 / micro.length)));`),
      hint: 'You clip each micro-batch on its own. The mean of clipped gradients is not the clipped mean: add them up first.',
    },
    {
      source: program(`${CHECK}
  return step(decayed(clip(times(sum(micro), 1 / scale))));`),
      hint: 'The sum is not averaged: with twice as many micro-batches the gradient would be twice as long.',
    },
    {
      source: program(`${CHECK}
  return step(decayed(times(clip(times(sum(micro), 1 / scale)), 1 / micro.length)));`),
      hint: 'You clip the sum and average behind it: no update is ever longer than c divided by the number of micro-batches.',
    },
    {
      source: program(`${CHECK}
  return step(clip(decayed(times(sum(micro), 1 / scale / micro.length))));`),
      hint: 'Weight decay is added before you clip, so clipping shrinks it along with the gradient. Add it behind.',
    },
    {
      source: program(`${CHECK}
  return step(decayed(clip(times(sum(micro), 1 / micro.length))));`),
      hint: 'The gradients are still multiplied by scale when they reach the weights. Divide by it before you clip.',
    },
    {
      source: program('  return step(decayed(clip(times(sum(micro), 1 / scale / micro.length))));'),
      hint: 'Infinity and NaN reach the weights, which are lost then. A norm that is not finite must end the update: NaN > c is false, so that the if of the clipping lets it pass.',
    },
  ],
});
