import {
  clipByGlobalNorm,
  Parameter,
  PerExampleClipping,
  Random,
  SGD,
  tensor,
  type Variable,
} from '../../src/index.js';
import { below, exactly, near } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { mean, share } from './numbers.js';

/** Nine targets in ten are 0, one is 10: their mean, 1, is where the squared error is least. */
const SKEWED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 10].map((target) => [target]);
/** All as far from (1, 1), in opposite pairs. */
const SYMMETRIC = [
  [11, 1],
  [-9, 1],
  [1, 11],
  [1, -9],
];
const STEPS = 60;
const SINGLE_STEPS = 5000;
const SINGLE_RATE = 0.01;
const THRESHOLDS = [0.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12];
const exact = { dtype: 'float64', backend: 'reference' } as const;

/** Where a descent came to rest, and the share of examples clipped there. */
interface Rest {
  readonly at: readonly number[];
  readonly clipped: number;
}

/** ½‖x − target‖², whose gradient is x − target. */
function errorOf(x: Parameter, target: readonly number[]): Variable {
  return x
    .sub(tensor([...target], exact))
    .square()
    .sum()
    .mul(0.5);
}

function startAt(random: Random, targets: readonly (readonly number[])[]): Parameter {
  return new Parameter(
    tensor(
      targets[0].map(() => random.uniform(-2, 2)),
      exact,
    ),
  );
}

/** Full batches, every example's gradient clipped by itself before they are averaged. */
async function perExample(
  targets: readonly (readonly number[])[],
  threshold: number,
  lr: number,
  random: Random,
): Promise<Rest> {
  const x = startAt(random, targets);
  const clipping = new PerExampleClipping([x], { maxNorm: threshold });
  const optimizer = new SGD([x], { lr });
  let clipped = 0;
  for (let step = 0; step < STEPS; step++) {
    for (const target of targets) await clipping.add(() => errorOf(x, target));
    clipped = clipping.finish().clipped / targets.length;
    await optimizer.step();
    optimizer.zeroGrad();
  }
  return { at: [...x.value.data()], clipped };
}

/** Full batches, whose mean gradient is clipped. */
async function wholeBatch(threshold: number, random: Random): Promise<number> {
  const x = startAt(random, SKEWED);
  const optimizer = new SGD([x], { lr: 0.5, hooks: [clipByGlobalNorm(threshold)] });
  for (let step = 0; step < STEPS; step++) {
    optimizer.zeroGrad();
    meanError(x).backward();
    await optimizer.step();
  }
  return x.value.data()[0];
}

function meanError(x: Parameter): Variable {
  return SKEWED.map((target) => errorOf(x, target))
    .reduce((sum, error) => sum.add(error))
    .div(SKEWED.length);
}

/** Batches of one example drawn by chance, clipped by an ordinary hook: the mean of x and the share of clipped steps. */
async function oneByOne(threshold: number, random: Random): Promise<Rest> {
  const x = new Parameter(tensor([0], exact));
  const optimizer = new SGD([x], { lr: SINGLE_RATE, hooks: [clipByGlobalNorm(threshold)] });
  const visited: number[] = [];
  const clips: boolean[] = [];
  for (let step = 0; step < SINGLE_STEPS; step++) {
    optimizer.zeroGrad();
    errorOf(x, SKEWED[random.integer(SKEWED.length)]).backward();
    clips.push((await optimizer.step()).clipped);
    visited.push(x.value.data()[0]);
  }
  return { at: [mean(visited.slice(SINGLE_STEPS / 5))], clipped: share(clips, (clipped) => clipped) };
}

/** A rate of clips that looks healthy, and an answer that is wrong by a factor of nine. */
export const fixedPointBias: Experiment = {
  number: 29,
  name: 'fixed-point-bias',
  group: 'threshold',
  claim: 'When clips are rare this bias is negligible',
  source: 'circuit breaker',
  setUp:
    'One number x fitted by squared error to targets of which nine in ten are 0 and one is 10, so that the best x is 1; the gradient of each example is clipped by itself. And a point fitted to four targets, all 10 away from it on either side.',
  criterion:
    'With c = 1 exactly 10 % of the examples are clipped, and x settles at 0.111 instead of 1; with c = 2, 5, 9 at 0.222, 0.556, 1.000. The four symmetric targets give no bias with 100 % clipped. One example a batch, c = 1, x is 0.111 ± 0.03 on average with 10 ± 2 % of the steps clipped; the mean gradient of all ten clipped as one leads to 1.',
  verdict: 'does not hold as written',
  explanation:
    'How often clipping strikes does not tell how far it leads astray: what counts is whom it strikes. Here the few clipped examples all pull to the same side. At the best point, x = 1, nine gentle pulls of 1 balance one strong pull of 9; cut the strong pull to 1, and x falls until nine pulls of x balance one of c: x = c/9. A clip rate of 10 %, which the handbook calls healthy, hides an answer nine times too small. In the symmetric case every example is clipped, but the cut pulls still balance, and nothing is lost. The bias comes from clipping single examples or small batches: where the mean over all examples is clipped as one, its direction is right, it is zero where it should be, and only the way there takes longer.',
  run: async (seed) => {
    const random = new Random(seed);
    const rests: Rest[] = [];
    for (const threshold of THRESHOLDS) rests.push(await perExample(SKEWED, threshold, 1, random));
    const at = (threshold: number) => rests[THRESHOLDS.indexOf(threshold)];
    const symmetric = await perExample(SYMMETRIC, 1, 8, random);
    const single = await oneByOne(1, random);
    return {
      checks: [
        near('where x settles, c = 1', at(1).at[0], 1 / 9, 1e-6),
        exactly('share of examples clipped there', at(1).clipped, 0.1),
        near('where x settles, c = 2', at(2).at[0], 2 / 9, 1e-6),
        near('where x settles, c = 5', at(5).at[0], 5 / 9, 1e-6),
        near('where x settles, c = 9', at(9).at[0], 1, 1e-6),
        below('bias of the symmetric case', Math.hypot(...symmetric.at.map((x) => x - 1)), 1e-6),
        exactly('share of examples clipped there', symmetric.clipped, 1),
        near('mean of x, one example a batch, c = 1', single.at[0], 1 / 9, 0.03),
        near('share of steps clipped there', single.clipped, 0.1, 0.02),
        near('where x settles, all ten clipped as one', await wholeBatch(0.5, random), 1, 1e-6),
      ],
      figure: {
        kind: 'lines',
        title: 'Where the threshold lets the answer come to rest',
        caption:
          'The fitted number against the threshold; the best is 1. Below c = 9 one example in ten is clipped, always the same.',
        x: { label: 'threshold', symbol: 'c', scale: 'linear' },
        y: { label: 'where x settles', scale: 'linear' },
        series: [
          { label: 'measured', x: THRESHOLDS, y: rests.map((rest) => rest.at[0]) },
          {
            label: 'c/9, at most 1',
            x: [THRESHOLDS[0], 9, 12],
            y: [THRESHOLDS[0] / 9, 1, 1],
            reference: true,
          },
        ],
        levels: [{ label: 'best x', y: 1 }],
      },
    };
  },
};
