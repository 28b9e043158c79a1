/** Element-wise ops: arithmetic of two operands, and functions of one. Operands broadcast. */

import { checkNumber } from '../../tensor/arguments.js';
import { fullLike, type Tensor } from '../../tensor/index.js';
import { defineOp, type Sample } from '../op.js';
import { shape } from './shape.js';

type One = readonly [x: Tensor];
type Two = readonly [a: Tensor, b: Tensor];

const pairs: readonly Sample<void>[] = [
  { shapes: [shape(2, 3), shape(2, 3)] },
  { shapes: [[2, 3], [3]] },
  { shapes: [shape(2, 1), shape(1, 3)] },
  { shapes: [[], [2, 2]] },
];
const plain: readonly Sample<void>[] = [{ shapes: [[2, 3]] }, { shapes: [[]] }];
const positive: readonly Sample<void>[] = [{ shapes: [[2, 3]], range: [0.3, 3] }];

/** a + b. */
export const add = defineOp<Two>({
  name: 'add',
  forward: ([a, b]) => a.add(b),
  backward: (grad) => [() => grad, () => grad],
  samples: pairs,
});

/** a − b. */
export const sub = defineOp<Two>({
  name: 'sub',
  forward: ([a, b]) => a.sub(b),
  backward: (grad) => [() => grad, () => grad.neg()],
  samples: pairs,
});

/** a · b, element by element. */
export const mul = defineOp<Two>({
  name: 'mul',
  forward: ([a, b]) => a.mul(b),
  backward: (grad, { inputs: [a, b] }) => [() => grad.mul(b), () => grad.mul(a)],
  samples: pairs,
});

/** a / b. */
export const div = defineOp<Two>({
  name: 'div',
  forward: ([a, b]) => a.div(b),
  backward: (grad, { inputs: [, b], output }) => [() => grad.div(b), () => grad.mul(output).div(b).neg()],
  samples: [
    { shapes: [shape(2, 3), shape(2, 3)], range: [0.3, 3] },
    { shapes: [[2, 3], [3]], range: [-3, -0.3] },
    { shapes: [[], [2, 2]], range: [0.3, 3] },
  ],
});

/**
 * The gradient of max(a, b) with respect to a, as in PyTorch: `grad` where a > b, half of it where they are equal, exactly 0
 * where b > a. A NaN compares as neither, so it passes the gradient on.
 */
function unlessGreater(grad: Tensor, a: Tensor, b: Tensor): Tensor {
  const shared = grad.mul(0.5).where(a.binary('equal', b), grad);
  return grad.like(0).where(b.binary('greater', a), shared);
}

/** The larger of a and b; NaN where either is; the gradient of a tie is shared. */
export const maximum = defineOp<Two>({
  name: 'maximum',
  forward: ([a, b]) => a.binary('max', b),
  backward: (grad, { inputs: [a, b] }) => [() => unlessGreater(grad, a, b), () => unlessGreater(grad, b, a)],
  samples: pairs,
});

/** The smaller of a and b; NaN where either is; the gradient of a tie is shared. */
export const minimum = defineOp<Two>({
  name: 'minimum',
  forward: ([a, b]) => a.binary('min', b),
  backward: (grad, { inputs: [a, b] }) => [
    () => unlessGreater(grad, a.neg(), b.neg()),
    () => unlessGreater(grad, b.neg(), a.neg()),
  ],
  samples: pairs,
});

/** −x. */
export const neg = defineOp<One>({
  name: 'neg',
  forward: ([x]) => x.neg(),
  backward: (grad) => [() => grad.neg()],
  samples: plain,
});

/** |x|; derivative 0 at 0. */
export const abs = defineOp<One>({
  name: 'abs',
  forward: ([x]) => x.abs(),
  backward: (grad, { inputs: [x] }) => [() => grad.mul(x.sign())],
  samples: plain,
});

/** e^x. */
export const exp = defineOp<One>({
  name: 'exp',
  forward: ([x]) => x.exp(),
  backward: (grad, { output }) => [() => grad.mul(output)],
  samples: plain,
});

/** Natural logarithm; NaN below 0, −∞ at 0. */
export const log = defineOp<One>({
  name: 'log',
  forward: ([x]) => x.log(),
  backward: (grad, { inputs: [x] }) => [() => grad.div(x)],
  samples: positive,
});

/** Square root. */
export const sqrt = defineOp<One>({
  name: 'sqrt',
  forward: ([x]) => x.sqrt(),
  backward: (grad, { output }) => [() => grad.div(output.mul(2))],
  samples: positive,
});

/** 1 / x. */
export const reciprocal = defineOp<One>({
  name: 'reciprocal',
  forward: ([x]) => x.reciprocal(),
  backward: (grad, { output }) => [() => grad.mul(output).mul(output).neg()],
  samples: positive,
});

/** 1 / √x. */
export const rsqrt = defineOp<One>({
  name: 'rsqrt',
  forward: ([x]) => x.sqrt().reciprocal(),
  backward: (grad, { inputs: [x], output }) => [() => grad.mul(output).div(x).mul(-0.5)],
  samples: positive,
});

/** x². */
export const square = defineOp<One>({
  name: 'square',
  forward: ([x]) => x.mul(x),
  backward: (grad, { inputs: [x] }) => [() => grad.mul(x).mul(2)],
  samples: plain,
});

/** x to a constant power. */
export const pow = defineOp<One, number>({
  name: 'pow',
  forward: ([x], exponent) => {
    checkNumber('pow', 'the exponent', exponent);
    return x.binary('pow', exponent);
  },
  backward: (grad, { inputs: [x], params: exponent }) => [
    () => (exponent === 0 ? fullLike(x, 0) : grad.mul(x.binary('pow', exponent - 1)).mul(exponent)),
  ],
  samples: [
    { shapes: [[2, 3]], params: 3 },
    { shapes: [[4]], params: 0.5, range: [0.3, 3] },
    { shapes: [[4]], params: -1.5, range: [0.3, 3] },
  ],
});

/** log(1 + x), which keeps small x; NaN below −1. */
export const log1p = defineOp<One>({
  name: 'log1p',
  forward: ([x]) => x.log1p(),
  backward: (grad, { inputs: [x] }) => [() => grad.div(x.add(1))],
  samples: positive,
});

/** The error function 2/√π · ∫₀ˣ e^(−t²) dt. */
export const erf = defineOp<One>({
  name: 'erf',
  forward: ([x]) => x.erf(),
  backward: (grad, { inputs: [x] }) => [
    () =>
      grad.mul(
        x
          .square()
          .neg()
          .exp()
          .mul(2 / Math.sqrt(Math.PI)),
      ),
  ],
  samples: plain,
});

/** −1, 0 or 1; derivative 0 everywhere, as in PyTorch. */
export const sign = defineOp<One>({
  name: 'sign',
  forward: ([x]) => x.sign(),
  backward: (grad, { output }) => [() => grad.mul(output.sub(output))], // 0, and NaN for NaN
  samples: plain,
});

/** Sine of x radians. */
export const sin = defineOp<One>({
  name: 'sin',
  forward: ([x]) => x.sin(),
  backward: (grad, { inputs: [x] }) => [() => grad.mul(x.cos())],
  samples: plain,
});

/** Cosine of x radians. */
export const cos = defineOp<One>({
  name: 'cos',
  forward: ([x]) => x.cos(),
  backward: (grad, { inputs: [x] }) => [() => grad.mul(x.sin()).neg()],
  samples: plain,
});

/** Bounds of `clamp`; a missing one does not bound. */
export interface ClampOptions {
  readonly min?: number;
  readonly max?: number;
}

/** x bounded to [min, max]; the gradient passes where min ≤ x ≤ max, and where x is NaN. */
export const clamp = defineOp<One, ClampOptions>({
  name: 'clamp',
  options: ['min', 'max'],
  forward: ([x], bounds) => {
    const { min, max } = readBounds(bounds);
    return x.binary('max', min).binary('min', max);
  },
  backward: (grad, { inputs: [x], params }) => [
    () => {
      const { min, max } = readBounds(params);
      const below = max === Infinity ? grad : grad.like(0).where(x.binary('greater', max), grad);
      return min === -Infinity ? below : grad.like(0).where(x.like(min).binary('greater', x), below);
    },
  ],
  samples: [
    { shapes: [[3, 4]], params: { min: -0.51, max: 0.73 } },
    { shapes: [[5]], params: { max: 0.11 } },
  ],
});

function readBounds({ min, max }: ClampOptions = {}): Required<ClampOptions> {
  if (min === undefined && max === undefined) {
    throw new Error('clamp: needs { min }, { max } or both, got neither');
  }
  checkNumber('clamp', 'min', min ?? 0);
  checkNumber('clamp', 'max', max ?? 0);
  return { min: min ?? -Infinity, max: max ?? Infinity };
}
