import {
  Adam,
  type AdamOptions,
  clipByGlobalNorm,
  type Optimizer,
  type OptimizerOptions,
  type Parameter,
  Random,
  SGD,
} from '../../src/index.js';
import { above, atMost, near } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { distance, stepLengths, type Vector, visited } from './prescribed.js';

const STEPS = 60;
const SIZE = 8;
const EVERY = 10;
const LONG = 10;
const LR = 0.1;
const MOMENTUM = 0.9;

type Make = (options: OptimizerOptions, parameter: Parameter) => Optimizer<OptimizerOptions>;

const optimizers: Readonly<Record<string, Make>> = {
  'plain descent': (options, p) => new SGD([p], options),
  [`momentum ${MOMENTUM}`]: (options, p) => new SGD([p], { ...options, momentum: MOMENTUM }),
  Adam: (options, p) => new Adam([p], options as AdamOptions),
};

const isLong = (step: number): boolean => step % EVERY === EVERY - 1;

/** Gradients of length 1 around one direction, each tenth of them ten times as long. */
function drawn(seed: number): readonly Vector[] {
  const random = new Random(seed);
  return Array.from({ length: STEPS }, (_, step) => {
    const raw = Array.from({ length: SIZE }, () => 1 + random.normal());
    const factor = (isLong(step) ? LONG : 0.999) / Math.hypot(...raw);
    return raw.map((x) => x * factor);
  });
}

/** The places under clipping to 1, and without clipping at a tenth of the rate for the steps that are ten times as long. */
async function bothWays(make: Make, gradients: readonly Vector[]) {
  const hooks = [clipByGlobalNorm(1)];
  const tenth = (step: number): number => (isLong(step) ? LR / LONG : LR);
  return {
    clipped: await visited((p) => make({ lr: LR, hooks }, p), gradients),
    slowed: await visited((p) => make({ lr: tenth }, p), gradients),
  };
}

/** How far the two end apart, for every unit of the way to the first's end. */
function apart({ clipped, slowed }: Awaited<ReturnType<typeof bothWays>>): number {
  const end = clipped.length - 1;
  return distance(clipped[end], slowed[end]) / distance(clipped[end], clipped[0]);
}

/** Steps under gradients that all have length 10: over those without clipping, clipped to 1 and at a tenth of the rate. */
async function adamSteps(seed: number) {
  const gradients = drawn(seed).map((gradient) => gradient.map((x) => (x * LONG) / Math.hypot(...gradient)));
  const lengths = async (lr: number, threshold: number): Promise<number> => {
    const hooks = [clipByGlobalNorm(threshold)];
    return stepLengths(await visited((p) => new Adam([p], { lr, hooks }), gradients)).at(-1)!;
  };
  const plain = await lengths(LR, Number.POSITIVE_INFINITY);
  return {
    clipped: (await lengths(LR, 1)) / plain,
    slowed: (await lengths(LR / LONG, Number.POSITIVE_INFINITY)) / plain,
  };
}

/** Shortening a gradient is shortening a rate only where nothing is remembered. */
export const tenthOfTheRate: Experiment = {
  number: 37,
  name: 'tenth-of-the-rate',
  group: 'plumbing',
  claim: 'equivalent to temporarily using 1/10th of your learning rate',
  source: 'handbook',
  setUp: `${STEPS} gradients of length 1, each tenth of them of length ${LONG}: once clipped to norm 1, once unclipped with a tenth of the rate at the long ones, under plain gradient descent, momentum ${MOMENTUM} and Adam. Then Adam under gradients that all have length ${LONG}.`,
  criterion:
    'Under plain descent the two end in the same place, to 1e-12 of the way; under momentum and Adam more than 1 % of the way apart. Where all gradients are clipped to a tenth, Adam steps as far as before (to 1e-6), at a tenth of the rate a tenth as far.',
  verdict: 'holds under conditions',
  condition:
    'for plain gradient descent, which is rate times gradient and nothing else; not for momentum, nor for Adam.',
  explanation:
    'A step of plain gradient descent is rate times gradient, so that a tenth of the one or of the other is the same. Momentum steps along a sum of past gradients: clipping shortens what is added to that sum, a smaller rate shortens all of it for one step and leaves the long gradient in it for the steps that follow. Adam divides by the size of past gradients, so that shortening all of them alike changes nothing at all, while a smaller rate still shortens the step.',
  run: async (seed) => {
    const gradients = drawn(seed);
    const runs = await Promise.all(
      Object.entries(optimizers).map(
        async ([name, make]) => [name, await bothWays(make, gradients)] as const,
      ),
    );
    const [plain, momentum, adam] = runs.map(([, run]) => apart(run));
    const always = await adamSteps(seed);
    const steps = gradients.map((_, step) => step);
    return {
      checks: [
        atMost('plain descent: share of the way that the two end apart', plain, 1e-12),
        above('the same under momentum', momentum, 0.01),
        above('the same under Adam', adam, 0.01),
        near(
          "Adam's step where all gradients are clipped to a tenth, over the unclipped",
          always.clipped,
          1,
          1e-6,
        ),
        near("Adam's step at a tenth of the rate, over that", always.slowed, 0.1, 1e-6),
      ],
      figure: {
        kind: 'panels',
        title: 'Clipping to a tenth, and a tenth of the rate',
        caption: `Length of each step; each tenth gradient is ${LONG} times as long as the threshold.`,
        x: { label: 'step', whole: true },
        y: { label: 'length of the step', scale: 'log' },
        panels: runs.map(([title, { clipped, slowed }]) => ({
          title,
          series: [
            { label: 'clipped', x: steps, y: stepLengths(clipped) },
            { label: 'a tenth of the rate', x: steps, y: stepLengths(slowed) },
          ],
        })),
      },
    };
  },
};
