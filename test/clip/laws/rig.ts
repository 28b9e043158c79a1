/** Three parameters in two groups under Adam and one clipper, and all that a step may have changed, as bits. */

import fc from 'fast-check';
import type { FloatArray } from '../../../src/extend.js';
import {
  Adam,
  type DType,
  type GradientHook,
  type HookState,
  type NonFinitePolicy,
  type NormDevice,
  Parameter,
  type StepContext,
  type StepHook,
  type StepReport,
  tensor,
} from '../../../src/index.js';
import type { Sample } from './samples.js';

export interface Place {
  readonly dtype: DType;
  readonly backend: string;
  readonly normDevice?: NormDevice;
}

/** Where everything must hold. */
export const places: readonly Place[] = [
  { dtype: 'float32', backend: 'simd', normDevice: 'simd' },
  { dtype: 'float32', backend: 'reference' },
  { dtype: 'float64', backend: 'reference' },
];

/** Those of weight, bias and other. */
export type Shapes = readonly [
  readonly [number, number],
  readonly [number],
  readonly [number, number, number],
];

export const shapes: Shapes = [[4, 3], [3], [2, 2, 2]];

export function sizesOf(each: Shapes): readonly number[] {
  return each.map((shape) => shape.reduce((size: number, length) => size * length, 1));
}

export const sizes = sizesOf(shapes);

/** Any shapes of these ranks. */
export const anyShapes: fc.Arbitrary<Shapes> = fc
  .array(fc.integer({ min: 1, max: 7 }), { minLength: 6, maxLength: 6 })
  .map(([a, b, c, d, e, f]) => [[a, b], [c], [d, e, f]]);

/** The gradients of one step; null: the parameter has none. */
export type Grads = readonly (readonly number[] | null)[];

const bitsOf = (data: FloatArray): string =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');

/** A sample's hook, whichever it is. */
export function made(sample: Sample, policy: NonFinitePolicy = 'throw'): StepHook {
  return sample.make(policy);
}

export class Rig {
  readonly parameters: readonly Parameter[];
  readonly optimizer: Adam;
  /** The clipper; another of its kind may take its place. */
  hook: StepHook;
  /** While true, a hook before the clipper skips every step. */
  skips = false;
  #context: StepContext | null = null;

  constructor(
    sample: Sample,
    { dtype, backend, normDevice }: Place,
    policy: NonFinitePolicy = 'throw',
    of: Shapes = shapes,
  ) {
    this.hook = made(sample, policy);
    this.parameters = of.map((shape, p) => {
      const values = Array.from({ length: sizesOf(of)[p] }, (_, i) => Math.sin(7 * p + i));
      return new Parameter(tensor(values, { shape, dtype, backend }), ['weight', 'bias', 'other'][p]);
    });
    const [weight, bias, other] = this.parameters;
    this.optimizer = new Adam([{ params: [weight, bias] }, { params: [other] }], {
      lr: 0.01,
      normDevice,
      hooks: [this.#look(), this.#stand()],
    });
  }

  /** Sets the gradients and takes a step. */
  step(grads: Grads, loss = 1): Promise<StepReport> {
    this.give(grads);
    return this.optimizer.step({ loss });
  }

  give(grads: Grads): void {
    for (const [i, parameter] of this.parameters.entries()) {
      const { dtype, backend, shape } = parameter.value;
      const grad = grads[i];
      parameter.grad = grad && tensor(grad, { shape, dtype, backend: backend.name });
    }
  }

  /** The numbers of every gradient. */
  grads(): (number[] | null)[] {
    return this.parameters.map(({ grad }) => grad && [...grad.data()]);
  }

  /** Gradients bit by bit. */
  gradBits(): (string | null)[] {
    return this.parameters.map(({ grad }) => grad && bitsOf(grad.data()));
  }

  /** Parameters, moments, counts and what the clipper remembers. */
  snapshot(): object {
    const moments = this.parameters.map((parameter) =>
      Object.entries(this.#context?.optimizerState(parameter) ?? {}).map(([name, data]) => [
        name,
        bitsOf(data),
      ]),
    );
    const values = this.parameters.map(({ value }) => bitsOf(value.data()));
    return { values, moments, steps: this.optimizer.steps, state: this.state() };
  }

  state(): HookState | undefined {
    return structuredClone(this.hook.state?.());
  }

  #look(): GradientHook {
    const name = 'look';
    return {
      name,
      apply: (gradients, context) => {
        this.#context = context;
        if (this.skips) gradients.skip('told to');
        return {};
      },
    };
  }

  /** Stands for whatever the clipper is now. */
  #stand(): StepHook {
    const { name, stage, nonFinite } = this.hook as GradientHook;
    const apply = (subject: never, context: StepContext) => this.hook.apply(subject, context);
    return { name, stage, nonFinite, apply } as StepHook;
  }
}

/** Gradients of one direction, of global norm about `size`. */
export function gradsOf(size: number, turn = 0): readonly (readonly number[])[] {
  return sizes.map((length, p) =>
    Array.from({ length }, (_, i) => (size * Math.cos(turn + 5 * p + 1.3 * i)) / 3.4),
  );
}

/** What a calm training sees: norms that vary by a fifth. */
export function calm(steps: number, from = 0): readonly (readonly (readonly number[])[])[] {
  return Array.from({ length: steps }, (_, i) => gradsOf(1 + 0.2 * Math.sin(11 * (from + i)), from + i));
}

/** Long enough for every sample to be past its warm-up. */
export const calmSteps = 24;
