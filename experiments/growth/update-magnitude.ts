import { normal, Parameter, Random, SGD, scope, type Tensor } from '../../src/index.js';
import { exactly, near } from '../checks.js';
import type { Experiment } from '../experiment.js';

const STEPS = 500;
const SIZE = 8;
const SAFE = 1.99;
const TOO_FAR = 2.01;

/** Gradient descent on ½‖x‖²: the first gradient, and how long each update was. */
async function descend(start: Tensor, lr: number) {
  const x = new Parameter(start);
  const optimizer = new SGD([x], { lr });
  const norms: number[] = [];
  let first: readonly number[] = [];
  for (let step = 0; step < STEPS; step++) {
    optimizer.zeroGrad();
    scope(() => x.square().sum().mul(0.5).backward());
    if (step === 0) first = [...x.grad!.data()];
    norms.push((await optimizer.step()).normBefore);
  }
  return { first, norms, updates: norms.map((norm) => lr * norm) };
}

/** The same gradient, one rate on either side of the limit. */
export const updateMagnitude: Experiment = {
  number: 6,
  name: 'update-magnitude',
  group: 'growth',
  claim: 'explosion may be in the update magnitude',
  source: 'handbook',
  setUp: `The bowl ½‖x‖² in ${SIZE} dimensions, whose curvature is 1 everywhere, and ${STEPS} steps of gradient descent at rates ${SAFE} and ${TOO_FAR} from one random start.`,
  criterion: `The first gradients agree to the last bit; the last gradient is 1.01⁴⁹⁹ = 143 times the first at rate ${TOO_FAR} and 0.99⁴⁹⁹ = 0.0066 times at rate ${SAFE}, to one part in a million.`,
  verdict: 'holds',
  explanation:
    'At curvature 1 a step of rate r multiplies x by 1 − r. Up to a rate of 2 that is a number between −1 and 1, and x shrinks; beyond, every step lands farther up the opposite side than it came from. Nothing is wrong with the gradient: it is the same on both sides of the limit, and it grows later because the updates were too long. The general limit is 2 over the largest curvature. Clipping keeps such a run from leaving for infinity; a smaller rate makes it arrive.',
  run: async (seed) => {
    const start = normal([SIZE], new Random(seed), 0, 1, { dtype: 'float64', backend: 'reference' });
    const safe = await descend(start, SAFE);
    const wild = await descend(start, TOO_FAR);
    const last = STEPS - 1;
    const [growth, decay] = [(TOO_FAR - 1) ** last, (SAFE - 1) ** last];
    const shown = safe.norms.map((_, step) => step).filter((step) => step % 5 === 0);
    const differing = safe.first.filter((value, i) => !Object.is(value, wild.first[i])).length;
    return {
      checks: [
        near(
          `last gradient over first, rate ${TOO_FAR}`,
          wild.norms[last] / wild.norms[0],
          growth,
          growth * 1e-6,
        ),
        near(`last gradient over first, rate ${SAFE}`, safe.norms[last] / safe.norms[0], decay, decay * 1e-6),
        exactly('elements of the first gradient that differ', differing, 0),
      ],
      figure: {
        kind: 'lines',
        title: 'The length of each update',
        caption: 'One start, two learning rates that differ by a hundredth.',
        x: { label: 'step', whole: true },
        y: { label: 'length of the update', scale: 'log' },
        series: [
          { label: `rate ${SAFE}`, x: shown, y: shown.map((step) => safe.updates[step]) },
          { label: `rate ${TOO_FAR}`, x: shown, y: shown.map((step) => wild.updates[step]) },
        ],
      },
    };
  },
};
