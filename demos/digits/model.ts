/** The digits' network and data, what it is measured by, and the signals that pass it before any update. */

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
} from '../../src/index.js';
import { type Digits, type loadDigits, PIXELS } from '../data.js';
import type { DemoConfig, Training } from '../demo.js';

/** Digits 0 … 9. */
export const CLASSES = 10;
/** Hidden layers and the units of each. */
export const HIDDEN_LAYERS = 8;
export const WIDTH = 64;
const BATCH = 64;
/** About the root mean square of a pixel (7.7 of 16), so that the input has a scale of 1. */
const PIXEL_SCALE = 8;
/** The output layer starts quiet: a first guess that is sure of itself would be an explosion of another kind. */
const HEAD_GAIN = 0.1;

/** Images [batch, 64] and what they show. */
interface DigitBatch {
  readonly x: Tensor;
  readonly labels: Int32Array;
}

/** Hidden layers of one kind, and a head. */
export class DigitModel extends Module {
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

/** Digits to train on and to test on. */
export type Data = ReturnType<typeof loadDigits>;

type DigitTraining = Training<DigitBatch> & { readonly model: DigitModel };

/** A training from the weights and data of the seed; `gain` may differ from the configured one. */
export function startDigits(
  { seed, backend, own }: DemoConfig,
  data: Data,
  gain = Number(own.gain),
): DigitTraining {
  const model = new DigitModel(new Random(seed), gain, backend);
  return {
    model,
    batches: digitBatches(data.train, new Random(seed + 1_000_000_007), backend),
    loss: ({ x, labels }) => crossEntropy(model.forward(x).logits, labels),
    measure: () => ({ testAccuracy: accuracyOf(confusion(model, data.test, backend), data.test) }),
  };
}

/** How often each digit (row) was taken for each (column); an image whose logits hold a NaN is taken for none. */
export function confusion(model: DigitModel, digits: Digits, backend: string): Float64Array {
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

/** Share of the digits that were taken for what they are; null where not one was taken for anything. */
export function accuracyOf(counts: Float64Array, digits: Digits): number | null {
  if (counts.every((count) => count === 0)) return null;
  let right = 0;
  for (let digit = 0; digit < CLASSES; digit++) right += counts[digit * (CLASSES + 1)];
  return right / digits.count;
}

/** One batch's signals before any update, layer by layer. */
export interface FirstPass {
  /** Root mean square over the batch of ‖h_k‖; h₀ is the image. */
  readonly states: readonly number[];
  /** ‖∂L/∂h_k‖ over the batch, from h₁ on. */
  readonly stateGrads: readonly number[];
  /** ‖∂L/∂W_k‖, from W₁ on. */
  readonly weightGrads: readonly number[];
  /** Norm of all gradients together. */
  readonly total: number;
}

/** Of the seed's weights and first batch, the hidden layers scaled to `gain`. */
export function firstPass(config: DemoConfig, data: Data, gain: number): FirstPass {
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
