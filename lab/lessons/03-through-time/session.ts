/** A recurrent network unrolled, and how long the gradient is at each of its time steps in one backward pass. */

import * as ops from '../../../src/index.js';
import {
  orthogonal,
  Random,
  scope,
  spectralNorm,
  type Tensor,
  tensor,
  type Variable,
  variable,
} from '../../../src/index.js';
import { defineSession } from '../../core/session.js';

/** What is applied to every entry of the state. */
export type Activation = 'identity' | 'tanh' | 'relu' | 'sigmoid';
/** How the recurrent matrix is drawn; its spectral norm is always ρ. */
export type Init = 'orthogonal' | 'gaussian' | 'identity';

/** h_t = φ(W h_(t−1) + x_t) for t = 1 … T, from h_0 = 0; inputs are Gaussian. */
export interface Unrolled {
  readonly rho: number;
  readonly activation: Activation;
  readonly init: Init;
  readonly T: number;
  /** Standard deviation of the inputs. */
  readonly input: number;
  readonly seed: number;
}

/** What came back. */
export interface Passed {
  /** ‖∂L/∂h_t‖ for t = 0 … T, where L reads h_T in a direction of length 1. */
  readonly norms: readonly number[];
  /** Mean of φ′ over the units, for t = 1 … T; at 0 a 1. */
  readonly slopes: readonly number[];
  /** Spectral radius of W. */
  readonly radius: number;
}

/** Units. */
const H = 16;
const EXACT = { dtype: 'float64', backend: 'reference' } as const;

const APPLY: Readonly<Record<Activation, (x: Variable) => Variable>> = {
  identity: (x) => x,
  tanh: (x) => ops.tanh(x),
  relu: (x) => ops.relu(x),
  sigmoid: (x) => ops.sigmoid(x),
};

/** By activation, its derivative from the output. */
const SLOPES: Readonly<Record<Activation, (y: number) => number>> = {
  identity: () => 1,
  tanh: (y) => 1 - y * y,
  relu: (y) => (y > 0 ? 1 : 0),
  sigmoid: (y) => y * (1 - y),
};

function matrixOf(init: Init, rho: number, random: Random): Tensor {
  if (init === 'identity') return tensor(eye(rho), { ...EXACT, shape: [H, H] });
  if (init === 'orthogonal') return orthogonal([H, H], random, { ...EXACT, gain: rho });
  const drawn = tensor(
    Float64Array.from({ length: H * H }, () => random.normal()),
    { ...EXACT, shape: [H, H] },
  );
  return drawn.mul(rho / spectralNorm(drawn, { tolerance: 1e-9 }).norm);
}

function eye(value: number): Float64Array {
  return Float64Array.from({ length: H * H }, (_, k) => (k % (H + 1) === 0 ? value : 0));
}

function columnOf(random: Random, size: number): Tensor {
  return tensor(
    Float64Array.from({ length: H }, () => size * random.normal()),
    { ...EXACT, shape: [H, 1] },
  );
}

/** lim ‖Wᵏ‖^(1/k) (Gelfand), by squaring ten times. */
function radiusOf(w: Tensor): number {
  let power = w;
  let logarithm = 0;
  for (let k = 0; k < 10; k++) {
    const size = Math.sqrt(power.mul(power).sum().item());
    if (!(size > 0)) return 0;
    logarithm += Math.log(size) / 2 ** k;
    power = power.mul(1 / size);
    power = power.matmul(power);
  }
  return Math.exp(logarithm);
}

const lengthOf = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));

export default defineSession({
  calls: {
    through({ rho, activation, init, T, input, seed }: Unrolled): Passed {
      const random = new Random(seed);
      return scope(() => {
        const w = matrixOf(init, rho, random);
        const read = columnOf(random, 1);
        const direction = read.mul(1 / lengthOf(read.data()));
        const states: Variable[] = [variable(tensor(new Float64Array(H), { ...EXACT, shape: [H, 1] }))];
        for (let t = 1; t <= T; t++) {
          const summed = ops.matmul(w, states[t - 1]).add(columnOf(random, input));
          states.push(APPLY[activation](summed));
        }
        states[T].mul(direction).sum().backward();
        const slope = SLOPES[activation];
        return {
          norms: states.map(({ grad }) => lengthOf(grad!.data())),
          slopes: states.map(({ value }, t) =>
            t === 0 ? 1 : Array.from(value.data(), slope).reduce((sum, one) => sum + one, 0) / H,
          ),
          radius: init === 'gaussian' ? radiusOf(w) : rho,
        };
      });
    },

    /** The largest derivative of an activation, measured by backward on a fine grid. */
    steepest(activation: Activation): number {
      return scope(() => {
        const grid = Float64Array.from({ length: 2001 }, (_, k) => (k - 1000) / 100);
        const x = variable(tensor(grid, EXACT));
        APPLY[activation](x.mul(1)).sum().backward();
        return Math.max(...x.grad!.data());
      });
    },

    /** One step back through h = tanh(W p + b): gradients of p and W, from that of h. */
    step({
      w,
      p,
      b,
      dh,
    }: Readonly<Record<'p' | 'b' | 'dh', readonly number[]>> & {
      readonly w: readonly (readonly number[])[];
    }) {
      const column = (values: readonly number[]): Tensor =>
        tensor([...values], { ...EXACT, shape: [values.length, 1] });
      return scope(() => {
        const [weight, before] = [
          variable(tensor(w.flat(), { ...EXACT, shape: [w.length, p.length] })),
          variable(column(p)),
        ];
        ops
          .tanh(ops.matmul(weight, before).add(column(b)))
          .mul(column(dh))
          .sum()
          .backward();
        const flat = Array.from(weight.grad!.data());
        return {
          dPrevious: Array.from(before.grad!.data()),
          dW: w.map((_, i) => flat.slice(i * p.length, (i + 1) * p.length)),
        };
      });
    },
  },
});
