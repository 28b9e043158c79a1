/**
 * The latch: remember the sign of the first input through 50 steps of noise (Bengio, Simard & Frasconi 1994). A
 * vanilla RNN whose recurrent matrix stretches by ρ a step; its first gradient is ρᵗ large, and what it destroys
 * makes the output layer diverge. Both halves of that story are measured here.
 */

import {
  Linear,
  Module,
  mseLoss,
  orthogonal,
  Random,
  type RecurrentOutput,
  RNN,
  type RNNNonlinearity,
  scope,
  type Tensor,
  tensor,
  uniform,
  type Variable,
} from '../src/index.js';
import { formatNumber, type Section } from '../src/train/report/index.js';
import {
  type Demo,
  type DemoConfig,
  type Outcome,
  type Setup,
  type Training,
  tellDivergence,
} from './demo.js';

const STEPS_OF_NOISE = 50;
const HIDDEN = 32;
const BATCH = 32;
/** A run ends here or below: the sign is remembered. Guessing 0 gives a loss of 1. */
const LEARNED = 0.05;
/** Spectral norms whose first gradients the report compares with ρᵗ. */
const COMPARED = [0.7, 1, 1.2] as const;

/** Inputs [T, batch, 1] and the signs to be remembered [batch, 1]. */
interface LatchBatch {
  readonly x: Tensor;
  readonly y: Tensor;
}

class LatchModel extends Module {
  readonly rnn: RNN;
  readonly head: Linear;

  constructor(random: Random, rho: number, nonlinearity: RNNNonlinearity, backend: string) {
    super();
    const bound = 1 / Math.sqrt(HIDDEN);
    this.rnn = new RNN(1, HIDDEN, { random, nonlinearity, backend });
    this.rnn.weightHh.assign(orthogonal([HIDDEN, HIDDEN], random, { gain: rho, backend }));
    this.rnn.weightIh.assign(uniform([HIDDEN, 1], random, -bound, bound, { backend }));
    this.rnn.bias.assign(tensor(new Float32Array(HIDDEN), { shape: [HIDDEN], backend }));
    this.head = new Linear(HIDDEN, 1, { random, backend });
    this.head.bias!.assign(tensor([0], { backend }));
  }

  forward(x: Tensor): { states: RecurrentOutput; output: Variable } {
    const states = this.rnn.forward(x);
    return { states, output: this.head.forward(states.last) };
  }
}

function* latchBatches(random: Random, backend: string): Generator<LatchBatch> {
  for (;;) {
    const y = Float32Array.from({ length: BATCH }, () => (random.uniform() < 0.5 ? -1 : 1));
    const x = Float32Array.from({ length: STEPS_OF_NOISE * BATCH }, () => random.normal(0, 0.1));
    x.set(y);
    yield {
      x: tensor(x, { shape: [STEPS_OF_NOISE, BATCH, 1], backend }),
      y: tensor(y, { shape: [BATCH, 1], backend }),
    };
  }
}

/** What the latch watches while it trains: the last state, on which the stability of the output layer hangs. */
interface LatchTrace {
  /** Mean over the batch of ‖h_T‖², by step. */
  readonly squaredState: number[];
}

interface LatchTraining extends Training<LatchBatch> {
  readonly trace: LatchTrace;
}

function startLatch({ seed, backend, own }: DemoConfig, rho = Number(own.rho)): LatchTraining {
  const model = new LatchModel(new Random(seed), rho, own.activation as RNNNonlinearity, backend);
  const trace: LatchTrace = { squaredState: [] };
  return {
    model,
    trace,
    batches: latchBatches(new Random(seed + 1_000_000_007), backend),
    loss({ x, y }) {
      const { states, output } = model.forward(x);
      const last = states.last.value;
      trace.squaredState.push(last.mul(last).sum().item() / BATCH);
      return mseLoss(output, y);
    },
  };
}

/** ‖∂L/∂h_t‖ for every t at the very first step, before any update. */
function firstHiddenGradients(config: DemoConfig, rho: number): number[] {
  const { model, batches } = startLatch(config, rho);
  const [{ x, y }] = firstOf(batches);
  return scope(() => {
    const { states, output } = (model as LatchModel).forward(x);
    mseLoss(output, y).backward();
    return Array.from({ length: STEPS_OF_NOISE }, (_, t) => {
      const grad = states.stateGrad(t)!;
      return Math.sqrt(grad.to('float64').mul(grad.to('float64')).sum().item());
    });
  });
}

function firstOf<T>(items: Iterable<T>): [T] {
  for (const item of items) return [item];
  throw new Error('latch: there is no batch');
}

/** Growth of ‖∂L/∂h_t‖ per step backwards in time: smallest, mean, largest. */
function growthOf(norms: readonly number[]) {
  const ratios = norms.slice(1).map((norm, t) => norms[t] / norm);
  const steps = ratios.length;
  return {
    min: Math.min(...ratios),
    mean: (norms[0] / norms[steps]) ** (1 / steps),
    max: Math.max(...ratios),
  };
}

function verdict(config: DemoConfig, outcomes: readonly Outcome[]): string {
  return outcomes
    .map((outcome) => `${outcome.spec.text}: ${fateOf(config, outcome)}`)
    .join('. ')
    .concat('.');
}

function fateOf(config: DemoConfig, outcome: Outcome): string {
  const told = tellDivergence(outcome);
  const { finalLoss } = outcome.summary;
  if (told) {
    const peak = stabilityNumber(config, outcome);
    return peak > 2
      ? `${told}; by then 2·lr·‖h‖² was ${formatNumber(peak)}, and above 2 the output layer diverges at any ρ`
      : told;
  }
  if (finalLoss < LEARNED) return `learned to remember the sign (loss ${formatNumber(finalLoss)})`;
  const learned = finalLoss < 0.8 ? 'is still learning' : 'survived and learned nothing';
  return `${learned} (loss ${formatNumber(finalLoss)}, guessing gives 1)`;
}

/** Largest finite 2·lr·‖h_T‖²: the curvature of the loss in the output weights times the rate. */
function stabilityNumber({ lr }: DemoConfig, { training }: Outcome): number {
  const values = (training as LatchTraining).trace.squaredState.filter(Number.isFinite);
  return 2 * lr * Math.max(0, ...values);
}

function sections(config: DemoConfig, outcomes: readonly Outcome[]): Section[] {
  return [gradientSection(config), stabilitySection(config, outcomes)];
}

function gradientSection(config: DemoConfig): Section {
  const rho = Number(config.own.rho);
  const times = Array.from({ length: STEPS_OF_NOISE }, (_, t) => t + 1);
  const compared = [...new Set([...COMPARED, rho])].sort((a, b) => a - b);
  const measured = compared.map((value) => ({ value, norms: firstHiddenGradients(config, value) }));
  const growth = growthOf(measured.find(({ value }) => value === rho)!.norms);
  const law =
    config.own.activation === 'identity'
      ? `Without a nonlinearity the law is exact: here it grows by ${growth.min.toFixed(6)} to ${growth.max.toFixed(6)} a step, and ρ is ${rho}.`
      : `Saturation of ${config.own.activation} can only slow that growth: here it is ${formatNumber(growth.mean, 4)} a step on average, and ρ is ${rho}.`;
  return {
    heading: 'First act: a gradient grown along time',
    place: 'before',
    paragraphs: [
      `Backwards through time, the gradient of the hidden state is multiplied by the recurrent matrix at every step. All its singular values are ρ, so over ${STEPS_OF_NOISE} steps it grows like ρᵗ. ${law}`,
      'One such gradient, unclipped, is one enormous update: it throws the hidden units into saturation, where tanh is flat.',
    ],
    figures: [
      {
        kind: 'lines',
        title: 'Gradient of the hidden state at step 0, along time',
        caption:
          'Norm of ∂L/∂hₜ over the batch at the first training step; dashed: the law ρ^(T−t) from the last state.',
        x: { label: 'time step t' },
        y: { label: '‖∂L/∂hₜ‖', scale: 'log' },
        series: measured.flatMap(({ value, norms }, style) => [
          { label: `ρ = ${value}`, x: times, y: norms, style },
          {
            label: `ρ^(T−t), ρ = ${value}`,
            x: times,
            y: times.map((t) => norms[STEPS_OF_NOISE - 1] * value ** (STEPS_OF_NOISE - t)),
            reference: true,
            style,
          },
        ]),
      },
    ],
  };
}

function stabilitySection(config: DemoConfig, outcomes: readonly Outcome[]): Section {
  const series = outcomes.map(({ spec, training, result: { divergence } }) => {
    const values = (training as LatchTraining).trace.squaredState.map((square) => 2 * config.lr * square);
    const ends = divergence ? `diverged at step ${divergence.step}` : undefined;
    return { label: spec.text, x: values.map((_, step) => step), y: values, ends };
  });
  return {
    heading: 'Second act: the output layer diverges',
    paragraphs: [
      'The loss is quadratic in the output weights, with curvature up to 2·‖h‖² where h is the last hidden state. Gradient descent on a quadratic diverges when the rate times the curvature exceeds 2. Saturated, the 32 units have ‖h‖² near 32, and 2 · 0.1 · 32 = 6.4: the output weights grow without bound, whatever ρ is.',
      'So this is an explosion in two acts. The spectral norm loads the gun; the learning rate fires it. At a rate of 0.02 the same network survives (2 · 0.02 · 32 = 1.28 < 2), and at ρ = 0.7 the first act never comes. Clipping bounds the first update, so the units do not saturate together and the second act never comes.',
    ],
    figures: [
      {
        kind: 'lines',
        title: 'Stability of the output layer',
        caption: '2·lr·‖h_T‖², the mean over the batch; above 2 the output weights diverge.',
        x: { label: 'training step' },
        y: { label: '2·lr·‖h‖²', scale: 'linear' },
        series,
        levels: [{ label: 'limit 2', y: 2 }],
      },
    ],
  };
}

/** Remember a sign through noise: the default demo. */
export const latch: Demo = {
  name: 'latch',
  title: 'The latch: an explosion in two acts',
  summary: 'an RNN must remember a sign through 50 steps of noise (Bengio et al. 1994)',
  lead: `A vanilla RNN of ${HIDDEN} units sees ±1 once, then ${STEPS_OF_NOISE - 1} steps of noise, and must say the sign at the end (Bengio, Simard & Frasconi 1994). Its recurrent matrix is orthogonal times ρ: it stretches every gradient by ρ at every step back in time. Same weights, same data, same seed; only what stands between \`backward()\` and the step differs.`,
  defaults: { steps: 300, lr: 0.1 },
  options: [
    {
      name: 'rho',
      value: 'number',
      description: 'spectral norm of the recurrent matrix',
      default: 1.2,
      range: [0, 10],
    },
    {
      name: 'activation',
      value: 'name',
      description: 'what a unit applies to its sum',
      default: 'tanh',
      choices: ['tanh', 'relu', 'identity'],
    },
  ],
  setUp: (config): Setup => ({
    start: () => startLatch(config),
    verdict: (outcomes) => verdict(config, outcomes),
    sections: (outcomes) => sections(config, outcomes),
    measurements: () => ({
      hiddenGradientGrowth: growthOf(firstHiddenGradients(config, Number(config.own.rho))),
    }),
  }),
};
