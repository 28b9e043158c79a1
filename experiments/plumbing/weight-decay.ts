import {
  AdamW,
  clipByGlobalNorm,
  type Optimizer,
  type OptimizerOptions,
  Parameter,
  SGD,
  scope,
  tensor,
} from '../../src/index.js';
import { below, near } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { exact } from './prescribed.js';

const STEPS = 100;
const LR = 0.01;
const DECAY = 1;
const SLOPE = 100;
const FREE = (1 - LR * DECAY) ** STEPS;

/** What a training leaves: the weight that the loss does not see, step by step, and the factors of the clipping. */
interface Decayed {
  readonly weights: readonly number[];
  readonly scales: readonly number[];
}

/** Minimises slope · a + penalty/2 · (a² + b²), from a = 0, b = 1: b is moved by decay alone. */
async function decayed(
  make: (parameter: Parameter) => Optimizer<OptimizerOptions>,
  { slope = SLOPE, penalty = 0 } = {},
): Promise<Decayed> {
  const parameter = new Parameter(tensor([0, 1], exact));
  const direction = tensor([slope, 0], exact);
  const optimizer = make(parameter);
  const weights = [1];
  const scales: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    optimizer.zeroGrad();
    scope(() => {
      parameter
        .mul(direction)
        .add(parameter.square().mul(penalty / 2))
        .sum()
        .backward();
    });
    scales.push((await optimizer.step()).scale);
    weights.push(parameter.value.data()[1]);
  }
  return { weights, scales };
}

/** A penalty in the loss is clipped with it. */
export const weightDecay: Experiment = {
  number: 43,
  name: 'weight-decay',
  group: 'plumbing',
  claim: 'Weight decay is a regularizer… clipping is a training stability safeguard',
  source: 'glossary',
  setUp: `Two weights: one on a loss of slope ${SLOPE}, one that the loss does not see and decay alone moves, by ${LR * DECAY} of itself a step. Gradients are clipped to norm 1, a hundredth. The decay is a penalty ½λ‖w‖² in the loss, or SGD's own after clipping, or AdamW's.`,
  criterion: `Decoupled decay leaves (1 − ${LR * DECAY})^${STEPS} = ${FREE.toFixed(4)} of the weight, to 1e-12, with clipping or without; the penalty in the loss does so only where nothing is clipped, and else decays less than 2 % as fast: by the clip factor, to 1e-12.`,
  verdict: 'holds under conditions',
  condition:
    'where the decay is applied to the weights themselves (SGD and AdamW here and in PyTorch), or nothing is clipped; a penalty that is added to the loss becomes part of the gradient, and clipping shrinks it along with the rest.',
  explanation:
    'The two are meant for different things, and stay out of each other’s way as long as the decay acts on the weights after clipping. Written as a penalty in the loss, as textbooks have it, the decay is a part of the gradient: when a steep loss makes the clipper shrink the gradient a hundredfold, it shrinks the decay a hundredfold too. So the same λ regularises less just when gradients are large, and how much less depends on the threshold.',
  run: async () => {
    const hooks = [clipByGlobalNorm(1)];
    const penalty = await decayed((p) => new SGD([p], { lr: LR, hooks }), { penalty: DECAY });
    const calm = await decayed((p) => new SGD([p], { lr: LR, hooks }), { penalty: DECAY, slope: 0 });
    const after = await decayed((p) => new SGD([p], { lr: LR, weightDecay: DECAY, hooks }));
    const adamW = await decayed((p) => new AdamW([p], { lr: LR, weightDecay: DECAY, hooks }));
    const foretold = penalty.scales.reduce((left, scale) => left * (1 - LR * DECAY * scale), 1);
    const [left, calmLeft, afterLeft, adamWLeft] = [penalty, calm, after, adamW].map(
      ({ weights }) => weights[STEPS],
    );
    const steps = penalty.weights.map((_, i) => i);
    const line = (label: string, { weights }: Decayed) => ({ label, x: steps, y: weights });
    return {
      checks: [
        below(
          'speed of a clipped penalty in the loss, over what was asked for',
          Math.log(left) / Math.log(FREE),
          0.02,
        ),
        near('what it leaves of the weight, over what the clip factors foretell', left / foretold, 1, 1e-12),
        near('what an unclipped penalty leaves, over what was asked for', calmLeft / FREE, 1, 1e-12),
        near("what SGD's decay leaves under clipping, over that", afterLeft / FREE, 1, 1e-12),
        near("what AdamW's leaves under clipping, over that", adamWLeft / FREE, 1, 1e-12),
      ],
      figure: {
        kind: 'lines',
        title: 'A weight that only decay moves',
        caption: `All gradients are clipped to a hundredth but those of the unclipped penalty; λ = ${DECAY}, rate ${LR}.`,
        x: { label: 'step', whole: true },
        y: { label: 'weight', scale: 'linear' },
        series: [
          line('penalty in the loss, clipped', penalty),
          line('penalty in the loss, unclipped', calm),
          line("SGD's decay, clipped gradients", after),
          line("AdamW's decay, clipped gradients", adamW),
        ],
      },
    };
  },
};
