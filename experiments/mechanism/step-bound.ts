import {
  Adam,
  clipByGlobalNorm,
  type Optimizer,
  type OptimizerOptions,
  Parameter,
  Random,
  SGD,
  tensor,
} from '../../src/index.js';
import { above, atMost, near } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { lengthOf } from './clipped.js';

const STEPS = 100;
const LR = 0.1;
const THRESHOLD = 0.5;
const MOMENTUM = 0.9;
const SIZE = 10;
const exact = { dtype: 'float64', backend: 'reference' } as const;

/** The length of each step under gradients of wild lengths along one direction and noise. */
async function stepLengths(
  make: (parameter: Parameter) => Optimizer<OptimizerOptions>,
  seed: number,
): Promise<readonly number[]> {
  const random = new Random(seed);
  const parameter = new Parameter(tensor(new Array(SIZE).fill(0), exact));
  const optimizer = make(parameter);
  const lengths: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const scale = 10 ** random.uniform(0, 4);
    parameter.grad = tensor(
      Array.from({ length: SIZE }, () => scale * (1 + random.normal(0, 0.1))),
      exact,
    );
    const before = [...parameter.value.data()];
    await optimizer.step();
    lengths.push(lengthOf([...parameter.value.data()].map((value, i) => value - before[i])));
  }
  return lengths;
}

/** The loss x²·50 before and after one clipped step from a point too near for its length. */
async function lossAround(): Promise<readonly [before: number, after: number]> {
  const parameter = new Parameter(tensor([0.01], exact));
  const loss = () => parameter.mul(parameter).mul(50).sum();
  const before = loss();
  before.backward();
  await new SGD([parameter], { lr: LR, hooks: [clipByGlobalNorm(THRESHOLD)] }).step();
  return [before.item(), loss().item()];
}

/** What a threshold guarantees, and what it does not. */
export const stepBound: Experiment = {
  number: 20,
  name: 'step-bound',
  group: 'mechanism',
  claim: 'provides important stability guarantees',
  source: 'glossary',
  setUp: `${STEPS} steps at rate ${LR} under gradients of lengths from 3 to 30,000, clipped to norm ${THRESHOLD}: plain gradient descent, momentum ${MOMENTUM}, and Adam at two thresholds. And one clipped step on the parabola 50·x².`,
  criterion:
    'No plain step is longer than rate × threshold, none with momentum longer than that over 1 − 0.9, and momentum does exceed the plain bound. Adam steps exceed the plain bound and are the same to 1e-6 at a thousandth of the threshold. The parabola step raises the loss.',
  verdict: 'holds under conditions',
  condition:
    'for the length of a step of plain gradient descent (rate × threshold) and, ten times looser, of momentum. Adam divides the threshold out again and is bounded by its own rule; and no bound on a step says that the loss falls.',
  explanation:
    'A clipped gradient is at most as long as the threshold, so a step of gradient descent is at most as long as rate times threshold, whatever the loss does: that is the guarantee. Momentum adds up past gradients and may step 1/(1 − 0.9) = 10 times as far. Adam divides the gradient by its own recent size, so a smaller threshold changes nothing. And a short step can still go too far: near the bottom of a steep valley it lands higher up on the other side.',
  run: async (seed) => {
    const hooks = (threshold: number) => [clipByGlobalNorm(threshold)];
    const plain = await stepLengths((p) => new SGD([p], { lr: LR, hooks: hooks(THRESHOLD) }), seed);
    const heavy = await stepLengths(
      (p) => new SGD([p], { lr: LR, momentum: MOMENTUM, hooks: hooks(THRESHOLD) }),
      seed,
    );
    const adam = await stepLengths((p) => new Adam([p], { lr: LR, eps: 0, hooks: hooks(THRESHOLD) }), seed);
    const tighter = await stepLengths(
      (p) => new Adam([p], { lr: LR, eps: 0, hooks: hooks(THRESHOLD / 1000) }),
      seed,
    );
    const [before, after] = await lossAround();
    const bound = LR * THRESHOLD;
    const change = Math.max(...adam.map((length, i) => Math.abs(tighter[i] / length - 1)));
    const steps = plain.map((_, i) => i);
    return {
      checks: [
        atMost('longest plain step over rate × threshold', Math.max(...plain) / bound, 1 + 1e-12),
        atMost('longest step with momentum, over the same', Math.max(...heavy) / bound, 1 / (1 - MOMENTUM)),
        above('so momentum exceeds the plain bound', Math.max(...heavy) / bound, 2),
        above('and so does Adam', Math.max(...adam) / bound, 2),
        near("what a thousandth of the threshold changes of Adam's steps", change, 0, 1e-6),
        above('loss after a clipped step over before', after / before, 1),
      ],
      figure: {
        kind: 'lines',
        title: 'How long each step is',
        caption: `The same gradients, all clipped to norm ${THRESHOLD}.`,
        x: { label: 'step', whole: true },
        y: { label: 'length of the step', scale: 'log' },
        series: [
          { label: 'plain', x: steps, y: plain },
          { label: `momentum ${MOMENTUM}`, x: steps, y: heavy },
          { label: 'Adam', x: steps, y: adam },
        ],
        levels: [
          { label: 'rate × threshold', y: bound },
          { label: 'over 1 − 0.9', y: bound / (1 - MOMENTUM) },
        ],
      },
    };
  },
};
