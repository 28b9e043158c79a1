import {
  clipByGlobalNorm,
  clipGradNorm,
  Linear,
  mseLoss,
  Parameter,
  Random,
  SGD,
  scope,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { above, atMost, exactly, near } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { addUp, inProcess } from './in-process.js';
import { distance, exact, type Vector } from './prescribed.js';

const GRADIENTS: readonly Vector[] = [
  [10, 0],
  [0, 0.1],
];
const REPLICAS = 4;
const SHARE = 8;
const INPUTS = 6;
const STEPS = 40;
const LR = 0.02;
const THRESHOLD = 0.5;

/** What two replicas step by from 0 at rate 1, the two gradients averaged and clipped to 1. */
async function averagedThenClipped(): Promise<readonly Vector[]> {
  const group = inProcess(GRADIENTS.length);
  return Promise.all(
    GRADIENTS.map(async (gradient, i) => {
      const parameter = new Parameter(tensor([0, 0], exact));
      const optimizer = new SGD([parameter], { lr: 1, hooks: [clipByGlobalNorm(1)], averaging: group[i] });
      optimizer.backward(parameter.mul(tensor([...gradient], exact)).sum());
      await optimizer.step();
      return Array.from(parameter.value.data(), (x) => -x);
    }),
  );
}

/** The same, each replica clipping its own before they average. */
async function clippedThenAveraged(): Promise<readonly Vector[]> {
  const parameters = GRADIENTS.map((gradient) => {
    const parameter = new Parameter(tensor([0, 0], exact));
    parameter.grad = tensor([...gradient], exact);
    return parameter;
  });
  for (const parameter of parameters) await clipGradNorm([parameter], 1, { eps: 0 });
  addUp(parameters.map((parameter) => [parameter]));
  for (const parameter of parameters) await new SGD([parameter], { lr: 1 / GRADIENTS.length }).step();
  return parameters.map(({ value }) => Array.from(value.data(), (x) => -x));
}

/** Points near a plane, those of each replica of another scale. */
function points(seed: number): readonly (readonly [x: Tensor, y: Tensor])[] {
  const random = new Random(seed);
  return Array.from({ length: REPLICAS }, (_, replica) => {
    const x = Float64Array.from({ length: SHARE * INPUTS }, () => random.normal(0, 1 + replica));
    const y = Float64Array.from(
      { length: SHARE },
      (_, i) => x[i * INPUTS] - x[i * INPUTS + 1] + random.normal(),
    );
    return [
      tensor(x, { shape: [SHARE, INPUTS], ...exact }),
      tensor(y, { shape: [SHARE, 1], ...exact }),
    ] as const;
  });
}

/** A model of the seed: every replica's is the same. */
const modelOf = (seed: number): Linear => new Linear(INPUTS, 1, { random: new Random(seed), ...exact });

const weightsOf = (model: Linear): Vector => model.parameters().flatMap(({ value }) => [...value.data()]);

/** The weights after each step of replicas that average, then clip. */
async function inStep(seed: number): Promise<readonly (readonly Vector[])[]> {
  const group = inProcess(REPLICAS);
  return Promise.all(
    points(seed).map(async ([x, y], i) => {
      const model = modelOf(seed);
      const hooks = [clipByGlobalNorm(THRESHOLD)];
      const optimizer = new SGD(model.parameters(), { lr: LR, hooks, averaging: group[i] });
      const path: Vector[] = [];
      for (let step = 0; step < STEPS; step++) {
        optimizer.zeroGrad();
        scope(() => optimizer.backward(mseLoss(model.forward(x), y)));
        await optimizer.step();
        path.push(weightsOf(model));
      }
      return path;
    }),
  );
}

/** The weights after each step of one model that sees the batches of all, as one. */
async function asOneBatch(seed: number): Promise<readonly Vector[]> {
  const batches = points(seed);
  const model = modelOf(seed);
  const optimizer = new SGD(model.parameters(), { lr: LR, hooks: [clipByGlobalNorm(THRESHOLD)] });
  const path: Vector[] = [];
  for (let step = 0; step < STEPS; step++) {
    optimizer.zeroGrad();
    scope(() => {
      const [first, ...others] = batches.map(([x, y]) => mseLoss(model.forward(x), y, { reduction: 'sum' }));
      others
        .reduce((sum, loss) => sum.add(loss), first)
        .div(REPLICAS * SHARE)
        .backward();
    });
    await optimizer.step();
    path.push(weightsOf(model));
  }
  return path;
}

/** The weights after each step where each clips its own gradient before they average. */
async function eachItsOwn(seed: number): Promise<readonly (readonly Vector[])[]> {
  const replicas = points(seed).map(([x, y]) => ({ model: modelOf(seed), x, y }));
  const optimizers = replicas.map(({ model }) => new SGD(model.parameters(), { lr: LR / REPLICAS }));
  const paths: Vector[][] = replicas.map(() => []);
  for (let step = 0; step < STEPS; step++) {
    for (const [i, { model, x, y }] of replicas.entries()) {
      optimizers[i].zeroGrad();
      scope(() => mseLoss(model.forward(x), y).backward());
      await clipGradNorm(model.parameters(), THRESHOLD, { eps: 0 });
    }
    addUp(replicas.map(({ model }) => model.parameters()));
    for (const [i, { model }] of replicas.entries()) {
      await optimizers[i].step();
      paths[i].push(weightsOf(model));
    }
  }
  return paths;
}

/** How many replicas ended elsewhere than the first. */
const astray = (ends: readonly Vector[]): number =>
  ends.filter((end) => end.some((x, i) => !Object.is(x, ends[0][i]))).length;

/** The order is right, but not for the reason given. */
export const afterTheReduce: Experiment = {
  number: 41,
  name: 'after-the-reduce',
  group: 'plumbing',
  claim: 'after the all-reduce… same clipped gradient',
  source: 'glossary',
  setUp: `Two replicas with the gradients (10, 0) and (0, 0.1), averaged and clipped to norm 1 in both orders; then ${REPLICAS} replicas with ${SHARE} points each for ${STEPS} steps, in both orders, beside one model with all ${REPLICAS * SHARE} points.`,
  criterion:
    'In either order all replicas get the same gradient, to the last bit: (1.000, 0.010) if averaged first, (0.5, 0.05) if clipped first. Averaged first, the training is that of the one big batch, to 1e-12; clipped first it ends more than 1 % elsewhere.',
  verdict: 'does not hold as written',
  explanation:
    'Average first, then clip: the advice is right, the reason given for it is not. Replicas that clip their own gradients and average what is left agree just as well, since the average is the same for all. But they agree on another gradient: each may contribute at most the threshold, so that one with a large gradient loses its weight against the others, and the direction is no longer that of the loss. What the right order keeps is the meaning of a step: it is the one that a single machine would have taken with the whole batch.',
  run: async (seed) => {
    const [first, last] = [await averagedThenClipped(), await clippedThenAveraged()];
    const [one, right, wrong] = [await asOneBatch(seed), await inStep(seed), await eachItsOwn(seed)];
    const way = distance(one[STEPS - 1], weightsOf(modelOf(seed)));
    const apart = (path: readonly Vector[]): readonly number[] =>
      path.map((at, i) => distance(at, one[i]) / way);
    const steps = one.map((_, i) => i + 1);
    return {
      checks: [
        near(
          'first number of the gradient of all replicas, clipped before averaging',
          last[0][0],
          0.5,
          1e-12,
        ),
        near('the second', last[0][1], 0.05, 1e-12),
        exactly(
          'replicas that got another gradient than the first, clipped before averaging',
          astray(last) + astray(wrong.map((path) => path[STEPS - 1])),
          0,
        ),
        exactly(
          'the same, averaged before clipping',
          astray(first) + astray(right.map((path) => path[STEPS - 1])),
          0,
        ),
        near('first number of the gradient, averaged before clipping', first[0][0], 1, 1e-4),
        near('the second', first[0][1], 0.01, 1e-6),
        atMost(
          'distance to one big batch over its way, averaged before clipping',
          apart(right[0])[STEPS - 1],
          1e-12,
        ),
        above('the same, clipped before averaging', apart(wrong[0])[STEPS - 1], 0.01),
      ],
      figure: {
        kind: 'lines',
        title: 'Four replicas beside one big batch',
        caption: 'How far their weights are from those of the one big batch, as a share of its whole way.',
        x: { label: 'step', whole: true },
        y: { label: 'share of the way', scale: 'log' },
        series: [
          { label: 'averaged, then clipped', x: steps, y: apart(right[0]) },
          { label: 'clipped, then averaged', x: steps, y: apart(wrong[0]) },
        ],
        levels: [{ label: '1 %', y: 0.01 }],
      },
    };
  },
};
