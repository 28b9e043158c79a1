/**
 * The digits: a deep ReLU network on real handwriting, its weights a little too large. Every layer stretches by
 * gain/√2, so a gain of 2 (√2 would be right) makes the first gradient an enormous one. No recurrence here: depth alone
 * does it.
 */

import {
  crossEntropy,
  type LayerInput,
  Linear,
  Module,
  noGrad,
  orthogonal,
  Random,
  relu,
  scope,
  type Tensor,
  tensor,
  type Variable,
  zeros,
} from '../src/index.js';
import { formatNumber, type Section } from '../src/train/report/index.js';
import { type Digits, loadDigits, PIXELS } from './data.js';
import {
  type Demo,
  type DemoConfig,
  type Outcome,
  type Setup,
  type Training,
  tellDivergence,
} from './demo.js';

const CLASSES = 10;
const HIDDEN_LAYERS = 8;
const WIDTH = 64;
const BATCH = 64;
/** About the root mean square of a pixel (7.7 of 16), so that the input has a scale of 1. */
const PIXEL_SCALE = 8;
/** The output layer starts quiet: a first guess that is sure of itself would be an explosion of another kind. */
const HEAD_GAIN = 0.1;
/** A run that reads this share of the unseen digits has learned to read. */
const READS = 0.95;
/** Up to here a run does no better than a guess: 0.1, and what chance adds on 297 digits. */
const GUESSES = 0.2;

/** Images [batch, 64] and what they show. */
interface DigitBatch {
  readonly x: Tensor;
  readonly labels: Int32Array;
}

class DigitModel extends Module {
  readonly layers: readonly Linear[];
  readonly head: Linear;

  constructor(random: Random, gain: number, backend: string) {
    super();
    this.layers = Array.from({ length: HIDDEN_LAYERS }, (_, k) => {
      const layer = new Linear(k === 0 ? PIXELS : WIDTH, WIDTH, { random, backend });
      layer.weight.assign(orthogonal(layer.weight.shape, random, { gain, backend }));
      layer.bias!.assign(zeros([WIDTH], { backend }));
      return layer;
    });
    this.head = new Linear(WIDTH, CLASSES, { random, backend });
    this.head.weight.assign(orthogonal(this.head.weight.shape, random, { gain: HEAD_GAIN, backend }));
    this.head.bias!.assign(zeros([CLASSES], { backend }));
  }

  /** The hidden states h₁ … h₈ and the logits. */
  forward(x: Tensor): { readonly states: readonly Variable[]; readonly logits: Variable } {
    const states: Variable[] = [];
    let h: LayerInput = x;
    for (const layer of this.layers) {
      h = relu(layer.forward(h));
      states.push(h);
    }
    return { states, logits: this.head.forward(h) };
  }
}

/** The images of some rows, pixels scaled to 0 … 2. */
function batchOf(digits: Digits, rows: Int32Array, backend: string): DigitBatch {
  const x = new Float32Array(rows.length * PIXELS);
  rows.forEach((row, i) => {
    for (let p = 0; p < PIXELS; p++) x[i * PIXELS + p] = digits.pixels[row * PIXELS + p] / PIXEL_SCALE;
  });
  return {
    x: tensor(x, { shape: [rows.length, PIXELS], backend }),
    labels: rows.map((row) => digits.labels[row]),
  };
}

/** Batches of epoch after epoch, each in an order of its own; what does not fill a batch waits for the next. */
function* digitBatches(digits: Digits, random: Random, backend: string): Generator<DigitBatch> {
  const order = Int32Array.from({ length: digits.count }, (_, row) => row);
  for (;;) {
    random.shuffle(order);
    for (let start = 0; start + BATCH <= order.length; start += BATCH) {
      yield batchOf(digits, order.subarray(start, start + BATCH), backend);
    }
  }
}

type Data = ReturnType<typeof loadDigits>;

type DigitTraining = Training<DigitBatch> & { readonly model: DigitModel };

function startDigits({ seed, backend, own }: DemoConfig, data: Data, gain = Number(own.gain)): DigitTraining {
  const model = new DigitModel(new Random(seed), gain, backend);
  return {
    model,
    batches: digitBatches(data.train, new Random(seed + 1_000_000_007), backend),
    loss: ({ x, labels }) => crossEntropy(model.forward(x).logits, labels),
    measure: () => ({ testAccuracy: accuracyOf(confusion(model, data.test, backend), data.test) }),
  };
}

/** How often each digit (row) was taken for each (column); an image whose logits hold a NaN is taken for none. */
function confusion(model: DigitModel, digits: Digits, backend: string): Float64Array {
  const rows = Int32Array.from({ length: digits.count }, (_, row) => row);
  const { x, labels } = batchOf(digits, rows, backend);
  const logits = noGrad(() => scope(() => model.forward(x).logits.value.data()));
  const counts = new Float64Array(CLASSES * CLASSES);
  labels.forEach((label, i) => {
    const scores = logits.subarray(i * CLASSES, (i + 1) * CLASSES);
    const read = scores.indexOf(Math.max(...scores));
    if (read >= 0) counts[label * CLASSES + read]++;
  });
  return counts;
}

/** Share of the digits that were taken for what they are. */
function accuracyOf(counts: Float64Array, digits: Digits): number {
  let right = 0;
  for (let digit = 0; digit < CLASSES; digit++) right += counts[digit * (CLASSES + 1)];
  return right / digits.count;
}

/** One batch's signals before any update, layer by layer. */
interface FirstPass {
  /** Root mean square over the batch of ‖h_k‖; h₀ is the image. */
  readonly states: readonly number[];
  /** ‖∂L/∂h_k‖ over the batch, from h₁ on. */
  readonly stateGrads: readonly number[];
  /** ‖∂L/∂W_k‖, from W₁ on. */
  readonly weightGrads: readonly number[];
  /** Norm of all gradients together. */
  readonly total: number;
}

function firstPass(config: DemoConfig, data: Data, gain: number): FirstPass {
  const { model } = startDigits(config, data, gain);
  const random = new Random(config.seed + 1_000_000_007);
  const { x, labels } = digitBatches(data.train, random, config.backend).next().value;
  return scope(() => {
    const { states, logits } = model.forward(x);
    crossEntropy(logits, labels).backward();
    return {
      states: [x, ...states.map(({ value }) => value)].map((h) => normOf(h) / Math.sqrt(BATCH)),
      stateGrads: states.map(({ grad }) => normOf(grad!)),
      weightGrads: model.layers.map(({ weight }) => normOf(weight.grad!)),
      total: Math.hypot(...model.parameters().map(({ grad }) => normOf(grad!))),
    };
  });
}

function normOf(x: Tensor): number {
  let sum = 0;
  for (const value of x.data()) sum += value * value;
  return Math.sqrt(sum);
}

function verdict(outcomes: readonly Outcome[], data: Data): string {
  return outcomes.map((outcome) => `${outcome.spec.text}: ${fateOf(outcome, data)}.`).join(' ');
}

function fateOf(outcome: Outcome, { test }: Data): string {
  const told = tellDivergence(outcome);
  if (told) return told;
  const accuracy = outcome.measured.testAccuracy;
  const reads = `${(100 * accuracy).toFixed(1)} % of the ${test.count} unseen digits`;
  if (accuracy >= READS) return `learned to read ${reads}`;
  if (accuracy > GUESSES) return `survived and reads ${reads}, less than ${100 * READS} %`;
  const loss = formatNumber(outcome.summary.finalLoss);
  return `stayed finite and learned nothing: it reads ${reads}, a guess gets 10 % (loss ${loss}, guessing gives ${formatNumber(Math.log(CLASSES))})`;
}

function sections(config: DemoConfig, data: Data, outcomes: readonly Outcome[]): Section[] {
  const read = confusionSection(config, data, outcomes);
  return [depthSection(config, data), ...(read ? [read] : [])];
}

function depthSection(config: DemoConfig, data: Data): Section {
  const gain = Number(config.own.gain);
  const growth = gain / Math.SQRT2;
  const first = firstPass(config, data, gain);
  const calm = firstPass(config, data, Math.SQRT2).total;
  const spread = Math.max(...first.weightGrads) / Math.min(...first.weightGrads);
  return {
    heading: 'What depth does to a factor of 1.4',
    place: 'before',
    paragraphs: [
      `An orthogonal matrix times ${gain} makes every vector exactly ${gain} times as long; ReLU then throws away half of its square. So each layer multiplies by ${gain}/√2 = ${formatNumber(growth)}: the signal on its way up, and the gradient once more on its way down. After ${HIDDEN_LAYERS} layers that is ${formatNumber(growth ** HIDDEN_LAYERS)}, where √2 would have kept both as they were.`,
      `A weight's gradient is the signal below it times the gradient above it. One grows with depth and the other against it, so their product is nearly the same in all ${HIDDEN_LAYERS} layers (here the largest is ${formatNumber(spread, 2)} times the smallest): no layer is to blame, the whole stack explodes at once. All gradients together have norm ${formatNumber(first.total)} at the first step; with a gain of √2 and the same seed it would be ${formatNumber(calm)}.`,
    ],
    figures: [depthFigure(first, growth)],
  };
}

function depthFigure(first: FirstPass, growth: number): Section['figures'][number] {
  const layers = first.stateGrads.map((_, k) => k + 1);
  const law = (y: readonly number[], x: readonly number[]) => ({
    label: 'law',
    x,
    y,
    reference: true,
    style: 5,
  });
  const top = first.stateGrads[HIDDEN_LAYERS - 1];
  const fromImage = [0, ...layers];
  return {
    kind: 'panels',
    title: 'Layer by layer at step 0',
    caption: `Before any update, on the first batch; dashed: a factor of gain/√2 = ${formatNumber(growth)} a layer, up from the image for the signal, down from the last layer for the gradient.`,
    x: { label: 'layer' },
    y: { label: 'norm', scale: 'log' },
    panels: [
      {
        title: 'signal ‖h‖, going up',
        series: [
          { label: 'measured', x: fromImage, y: first.states },
          law(
            fromImage.map((k) => first.states[0] * growth ** k),
            fromImage,
          ),
        ],
      },
      {
        title: 'gradient ‖∂L/∂h‖, going down',
        series: [
          { label: 'measured', x: layers, y: first.stateGrads },
          law(
            layers.map((k) => top * growth ** (HIDDEN_LAYERS - k)),
            layers,
          ),
        ],
      },
      {
        title: 'weights ‖∂L/∂W‖, their product',
        series: [{ label: 'measured', x: layers, y: first.weightGrads }],
      },
    ],
  };
}

/** What the most accurate run takes for what; nothing where every run diverged. */
function confusionSection(
  { backend }: DemoConfig,
  { test }: Data,
  outcomes: readonly Outcome[],
): Section | null {
  const finite = outcomes.filter(({ summary }) => !summary.diverged);
  const best = finite.sort((a, b) => b.measured.testAccuracy - a.measured.testAccuracy)[0];
  if (!best) return null;
  const counts = confusion(best.training.model as DigitModel, test, backend);
  const wrong = Math.round((1 - accuracyOf(counts, test)) * test.count);
  return {
    heading: `What ${best.spec.text} takes for what`,
    paragraphs: [
      `The ${test.count} digits it never saw, ${wrong} of them read wrong. They are the same ${test.count} for every seed: the rows of the file, shuffled once and for all. The writers of the training digits wrote the test digits too; strangers' hands would be harder.`,
    ],
    figures: [
      {
        kind: 'heat',
        title: 'Digits shown and digits read',
        caption: 'One row for each digit shown, one column for what the network read; the diagonal is right.',
        x: { label: 'read as', range: [-0.5, CLASSES - 0.5] },
        y: {
          label: 'shown',
          range: [0, CLASSES],
          categories: Array.from({ length: CLASSES }, (_, digit) => `a ${digit}`),
        },
        summary: `${test.count - wrong} digits lie on the diagonal, ${wrong} beside it.`,
        z: { label: 'digits', scale: 'log', range: [0.5, 40] },
        columns: CLASSES,
        rows: CLASSES,
        values: counts,
      },
    ],
  };
}

/** Read handwriting through eight layers that each stretch too much. */
export const digits: Demo = {
  name: 'digits',
  title: 'The digits: eight layers, each a little too loud',
  summary: 'a deep ReLU network with gain 2 reads real handwritten digits',
  lead: `${HIDDEN_LAYERS} hidden ReLU layers of ${WIDTH} units learn to read 8×8 handwritten digits (UCI, Alpaydin & Kaynak 1998): 1,500 to learn from, 297 to be tested on. Their weights start orthogonal with gain 2 where ReLU asks for √2. Same weights, same data, same seed; only what stands between \`backward()\` and the step differs.`,
  lossUnit: 'nats',
  defaults: { steps: 1000, lr: 0.2 },
  options: [
    {
      name: 'gain',
      value: 'number',
      description: 'singular values of the hidden layers at the start; √2 keeps norms',
      default: 2,
      range: [0, 10],
    },
  ],
  setUp: (config): Setup => {
    const data = loadDigits();
    return {
      start: () => startDigits(config, data),
      verdict: (outcomes) => verdict(outcomes, data),
      sections: (outcomes) => sections(config, data, outcomes),
      measurements: () => ({ firstGradientNorm: firstPass(config, data, Number(config.own.gain)).total }),
    };
  },
};
