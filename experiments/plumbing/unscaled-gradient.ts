import {
  clipByGlobalNorm,
  clipGradNorm,
  dynamicLossScale,
  Linear,
  mseLoss,
  Parameter,
  Random,
  SGD,
  scope,
  type Tensor,
  tensor,
  toHalf,
  type Variable,
} from '../../src/index.js';
import { exactly, near } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { exact, stepLengths, type Vector } from './prescribed.js';

const SCALE = 1024;
const THRESHOLD = 1;
const LR = 0.2;
const STEPS = 60;
const POINTS = 16;
const INPUTS = 4;
const TINY = 1e-8;

/** A scale that stays. */
const scaled = () => dynamicLossScale({ initial: SCALE });

/** A plane so far from where the model starts that gradients are longer than the threshold at first, and shorter at last. */
function problem(seed: number) {
  const random = new Random(seed);
  const model = new Linear(INPUTS, 1, { random, ...exact });
  const x = tensor(
    Float64Array.from({ length: POINTS * INPUTS }, () => random.normal()),
    { shape: [POINTS, INPUTS], ...exact },
  );
  const y: Tensor = x.matmul(tensor([3, -2, 1, 4], { shape: [INPUTS, 1], ...exact }));
  return { model, loss: (): Variable => mseLoss(model.forward(x), y) };
}

const weightsOf = (model: Linear): Vector => model.parameters().flatMap(({ value }) => [...value.data()]);

/** The weights before and after each step; the loss scale, if any, is the optimizer's business. */
async function trained(seed: number, isScaled: boolean): Promise<readonly Vector[]> {
  const { model, loss } = problem(seed);
  const own = isScaled ? { lossScale: scaled() } : {};
  const optimizer = new SGD(model.parameters(), { lr: LR, hooks: [clipByGlobalNorm(THRESHOLD)], ...own });
  const path = [weightsOf(model)];
  for (let step = 0; step < STEPS; step++) {
    optimizer.zeroGrad();
    scope(() => optimizer.backward(loss()));
    await optimizer.step();
    path.push(weightsOf(model));
  }
  return path;
}

/** The same, but the gradient is clipped while it is still that of the scaled loss; the rate takes the scale out. */
async function clippedTooEarly(seed: number): Promise<readonly Vector[]> {
  const { model, loss } = problem(seed);
  const optimizer = new SGD(model.parameters(), { lr: LR / SCALE });
  const path = [weightsOf(model)];
  for (let step = 0; step < STEPS; step++) {
    optimizer.zeroGrad();
    scope(() => loss().mul(SCALE).backward());
    await clipGradNorm(model.parameters(), THRESHOLD, { eps: 0 });
    await optimizer.step();
    path.push(weightsOf(model));
  }
  return path;
}

/** What a gradient of 1e-8 is after it passed through half precision. */
async function throughHalf(isScaled: boolean): Promise<number> {
  const parameter = new Parameter(tensor([0], { backend: 'reference' }));
  const optimizer = new SGD([parameter], { lr: 1, ...(isScaled ? { lossScale: scaled() } : {}) });
  optimizer.backward(toHalf(parameter).mul(TINY).sum());
  await optimizer.step();
  return 0 - parameter.value.item();
}

/** Unscale, then clip. */
export const unscaledGradient: Experiment = {
  number: 42,
  name: 'unscaled-gradient',
  group: 'plumbing',
  claim: 'clipping then operates on the unscaled gradient',
  source: 'glossary',
  setUp: `A linear model clipped to norm ${THRESHOLD}, its loss multiplied by ${SCALE} on the way back: unscaled before clipping, clipped before unscaling, and without a scale. And a gradient of ${TINY} through half precision, with that scale and without.`,
  criterion: `Unscaled first, all weights are to the last bit those of the training without a scale; clipped first, the steps are ${SCALE} times too short. Half precision makes 0 of the gradient without a scale and keeps it, to 1 %, with it.`,
  verdict: 'holds',
  explanation: `Numbers of half precision cannot be smaller than 6e-8, so small gradients become 0. Multiplying the loss by ${SCALE} lifts all gradients by as much, and dividing them afterwards brings them back. The division has to come before clipping: a threshold of 1 that meets gradients ${SCALE} times too long is a threshold of ${(1 / SCALE).toPrecision(2)}, and training stands still without any error. In the right order the scale leaves no trace: as a power of two it changes no digit.`,
  run: async (seed) => {
    const [plain, right, early] = [
      await trained(seed, false),
      await trained(seed, true),
      await clippedTooEarly(seed),
    ];
    const changed = right.flatMap((at, i) => at.filter((x, k) => !Object.is(x, plain[i][k]))).length;
    const [zeroed, kept] = [await throughHalf(false), await throughHalf(true)];
    const shown = [plain, right, early].map(stepLengths);
    const steps = shown[0].map((_, i) => i);
    return {
      checks: [
        exactly('weights that the scale changed, of all steps', changed, 0),
        near('usual step over one clipped before unscaling', shown[0][0] / shown[2][0], SCALE, SCALE * 1e-9),
        exactly('1e-8 through half precision', zeroed, 0),
        near('1e-8 through half precision, scaled', kept, TINY, TINY * 0.01),
      ],
      figure: {
        kind: 'lines',
        title: 'The same threshold before and after unscaling',
        caption: `Clipped to norm ${THRESHOLD} at rate ${LR}; the loss scale is ${SCALE}.`,
        x: { label: 'step', whole: true },
        y: { label: 'length of the step', scale: 'log' },
        series: [
          { label: 'unscaled, then clipped', x: steps, y: shown[1] },
          { label: 'clipped, then unscaled', x: steps, y: shown[2] },
          { label: 'without a scale', x: steps, y: shown[0], reference: true },
        ],
      },
    };
  },
};
