import { Adam, type Optimizer, type OptimizerOptions, type Parameter, SGD, train } from '../../src/index.js';
import { above, below, exactly } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { spiral } from '../training-tasks.js';

const STEPS = 600;
/** The first steps are on the way. */
const LATE = 200;
const LIMIT = 0.2;
const RATES = [0.3, 0.15];
const ADAM = 0.01;
const DRAWN = 200;

type Make = (parameters: readonly Parameter[]) => Optimizer<OptimizerOptions>;
type Norms = readonly number[];

/** Gradient norms of a training from the weights and data of the seed. */
async function normsUnder(make: Make, seed: number): Promise<Norms> {
  const { model, batches, loss } = spiral(seed);
  const optimizer = make(model.parameters());
  const { records } = await train({
    model,
    batches,
    optimizer,
    steps: STEPS,
    loss: (_, batch, step) => loss(batch, step),
  });
  optimizer.release();
  return records.map(({ normBefore }) => normBefore);
}

/** Share of numbers that are at most x. */
const shareBelow = (norms: Norms, x: number): number =>
  norms.filter((norm) => norm <= x).length / norms.length;

/** Kolmogorov–Smirnov distance: the largest difference between shares below a number, 0 … 1. */
function distanceOf(a: Norms, b: Norms): number {
  return Math.max(...[...a, ...b].map((x) => Math.abs(shareBelow(a, x) - shareBelow(b, x))));
}

/** Norms belong to a training, not to a task. */
export const normsByOptimizer: Experiment = {
  number: 39,
  name: 'norms-by-optimizer',
  group: 'plumbing',
  claim: 'similar gradient norm distributions',
  source: 'handbook',
  setUp: `A small network learns which of two spiral arms a point lies on, ${STEPS} steps from the same weights on the same batches: gradient descent at rates ${RATES.join(' and ')}, and Adam at ${ADAM}.`,
  criterion: `The first norms are the same to the last bit; those of the last ${STEPS - LATE} steps lie more than ${LIMIT} apart (the largest difference between shares of norms below a number), between optimizers and between rates, while the even and odd steps of one training lie less than that apart (proposed; at least 0.47, at least 0.47 and at most 0.11 on tuning seeds).`,
  verdict: 'does not hold as written',
  explanation:
    'At the first step both have the same weights and hence the same gradient. From then on their weights differ, and the size of a gradient depends on the weights: Adam learns the task sooner and then sees much shorter gradients. The optimizer is not the only reason: halving the rate moves the norms too. So a threshold that was read off the norms of one training says little about another, not even for the same network and data; measure again when anything changes.',
  run: async (seed) => {
    const descent =
      (lr: number): Make =>
      (p) =>
        new SGD(p, { lr, normDevice: 'simd' });
    const [fast, slow] = [
      await normsUnder(descent(RATES[0]), seed),
      await normsUnder(descent(RATES[1]), seed),
    ];
    const adam = await normsUnder((p) => new Adam(p, { lr: ADAM, normDevice: 'simd' }), seed);
    const late = (norms: Norms): number[] => norms.slice(LATE);
    const every = (norms: Norms, rest: number): Norms => late(norms).filter((_, i) => i % 2 === rest);
    const shares = Array.from({ length: DRAWN }, (_, i) => (i + 0.5) / DRAWN);
    const line = (label: string, norms: Norms) => {
      const sorted = late(norms).sort((a, b) => a - b);
      return {
        label,
        x: shares.map((share) => 100 * share),
        y: shares.map((share) => sorted[Math.floor(share * sorted.length)]),
      };
    };
    return {
      checks: [
        above(
          'distance between the norms of descent and Adam, late',
          distanceOf(late(fast), late(adam)),
          LIMIT,
        ),
        above('the same between two rates of descent', distanceOf(late(fast), late(slow)), LIMIT),
        below(
          'the same between even and odd steps of one',
          distanceOf(every(fast, 0), every(fast, 1)),
          LIMIT,
        ),
        exactly("Adam's first norm over that of descent", adam[0] / fast[0], 1),
      ],
      figure: {
        kind: 'lines',
        title: 'The norms that three trainings of one network see',
        caption: `Norms of the last ${STEPS - LATE} steps, from the smallest to the largest.`,
        x: { label: 'steps with a smaller norm', symbol: 'share', unit: '%', scale: 'linear' },
        y: { label: 'gradient norm', scale: 'log' },
        series: [
          line(`descent, rate ${RATES[0]}`, fast),
          line(`descent, rate ${RATES[1]}`, slow),
          line(`Adam, rate ${ADAM}`, adam),
        ],
      },
    };
  },
};
