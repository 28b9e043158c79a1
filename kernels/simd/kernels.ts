/*
 * The kernels as TypeScript sees them: every function of the module, and the codes that choose among functions.
 *
 * Everything is float32 unless a name or a comment says otherwise. `Address` is a byte address, a multiple of 4 (16 is
 * faster, nothing needs it); strides, steps and lengths count elements. `…Row` is the distance between rows, `…Step`
 * that along a row; 0 repeats (a broadcast). Outputs overlap no input except where a comment allows it. Lengths may be
 * 0. Nothing is checked: a wrong address is a wrong result or a trap.
 *
 * Results depend on shapes and values alone: not on alignment, nor on how rows or blocks are divided among calls or
 * threads, nor (in the plain build) on the engine. Only the bits of a NaN are the engine's own.
 */

import type { Address, RecurrentKernels } from './recurrent-kernels.js';

export type { Address };

/**
 * Functions of one operand. Largest errors found, in units in the last place against float64 (test/kernels/simd):
 * exp 1.02, log 0.77, log1p 0.76, tanh 2.01, sigmoid 2.23, erf 1.10, sin and cos 0.50; the others are exact. What would be
 * subnormal is 0 for exp, tanh, sigmoid and erf (assembly/tiny.ts), and kept elsewhere; poles and infinities give what
 * `Math` gives.
 */
export const UNARY = {
  neg: 0,
  abs: 1,
  sign: 2,
  exp: 3,
  log: 4,
  log1p: 5,
  sqrt: 6,
  reciprocal: 7,
  tanh: 8,
  sigmoid: 9,
  relu: 10,
  erf: 11,
  sin: 12,
  cos: 13,
} as const;

/** Functions of two operands. Comparisons give 1 or 0; max and min give NaN for a NaN; pow is rounded from float64. */
export const BINARY = {
  add: 0,
  sub: 1,
  mul: 2,
  div: 3,
  max: 4,
  min: 5,
  greater: 6,
  greaterEqual: 7,
  equal: 8,
  pow: 9,
} as const;

/** Reductions; max gives NaN where any element is NaN, −∞ for no elements. */
export const REDUCE = { sum: 0, max: 1 } as const;

/** Activations that matmul and the recurrent kernels apply; relu(NaN) is NaN, relu′(0) is 0, relu′(NaN) is 1. */
export const ACTIVATION = { identity: 0, relu: 1, tanh: 2, sigmoid: 3 } as const;

/** Bits of the optimizers' `flags`. */
export const OPTIM = { maximize: 1, nesterov: 2, first: 4, decoupled: 8 } as const;

/** The exports of the module. */
export interface SimdKernels extends RecurrentKernels {
  /** Bytes of scratch that `matmul` needs, whatever the shape (640 KiB; no more than it uses is ever touched). */
  matmulScratchBytes(): number;
  /**
   * out[i, j] = f(init[i, j] + Σ_p a[i, p] · b[p, j]) for start ≤ i < end, 0 ≤ j < n, 0 ≤ p < k, summed in the order of
   * p in float32. a and b have any strides (swap them to transpose); columns of out and init are adjacent. `init` is 0
   * (zeros), `out` itself (accumulate), a row with initRow 0 (bias), or a matrix. f is one of ACTIVATION. Addresses are
   * those of row 0, whatever `start`; each thread needs a scratch of its own.
   */
  matmul(
    out: Address,
    outRow: number,
    init: Address,
    initRow: number,
    a: Address,
    aRow: number,
    aCol: number,
    b: Address,
    bRow: number,
    bCol: number,
    start: number,
    end: number,
    n: number,
    k: number,
    activation: number,
    scratch: Address,
  ): void;

  /** out[i] = f(x[i]) for i < n, f one of UNARY; `out` may be `x`. */
  unary(op: number, out: Address, x: Address, n: number): void;
  /**
   * out = f(a, b) over rows × n, f one of BINARY. Fast where out's step is 1 and a's and b's are 1 or 0, any other
   * strides work, slower. `out` may be `a` or `b` where their strides are the same.
   */
  binary(
    op: number,
    out: Address,
    outRow: number,
    outStep: number,
    a: Address,
    aRow: number,
    aStep: number,
    b: Address,
    bRow: number,
    bStep: number,
    rows: number,
    n: number,
  ): void;
  /** out = condition ≠ 0 ? a : b over rows × n; out is contiguous along a row, the others have any step. */
  where(
    out: Address,
    outRow: number,
    condition: Address,
    conditionRow: number,
    conditionStep: number,
    a: Address,
    aRow: number,
    aStep: number,
    b: Address,
    bRow: number,
    bStep: number,
    rows: number,
    n: number,
  ): void;
  /** out[i] = dy[i] · f′ in terms of y[i] = f(x[i]), f one of ACTIVATION; `out` may be `dy` or `y`. */
  activationBackward(activation: number, out: Address, dy: Address, y: Address, n: number): void;

  /** out = x over rows × n; fast for runs, for step 0 (fill) and for a transposed x (xRow 1). */
  copy(
    out: Address,
    outRow: number,
    outStep: number,
    x: Address,
    xRow: number,
    xStep: number,
    rows: number,
    n: number,
  ): void;
  /** out[0 … n] = value. */
  fill(out: Address, n: number, value: number): void;
  /** out[i, 0 … n] = table[indices[i], 0 … n]; out is contiguous, indices are int32 and not checked. */
  gatherRows(
    out: Address,
    table: Address,
    tableRow: number,
    indices: Address,
    count: number,
    n: number,
  ): void;
  /**
   * out[indices[i], 0 … n] += rows[i, 0 … n] in the order of i; rows are contiguous, indices int32. `lost`, if not 0, is a
   * zeroed table laid out as `out`, for compensated sums.
   */
  scatterAddRows(
    out: Address,
    outRow: number,
    rows: Address,
    indices: Address,
    count: number,
    n: number,
    lost: Address,
  ): void;

  /** Σ x[0 … n], float32 within blocks of 512 and float64 between: error ≤ 36 · 2⁻²⁴ · Σ|x|. */
  sum(x: Address, n: number): number;
  /** out[i · outStep] = sum or max (REDUCE) of row i of x, n adjacent elements. Sums as `sum`. */
  reduceRows(
    op: number,
    out: Address,
    outStep: number,
    x: Address,
    xRow: number,
    rows: number,
    n: number,
  ): void;
  /** out[j] = sum or max of column j of x, n adjacent columns. Sums: error ≤ 64 · 2⁻²⁴ · Σ|x|. */
  reduceColumns(op: number, out: Address, x: Address, xRow: number, rows: number, n: number): void;

  /** Each row to mean 0 and variance 1 (eps added to it), times weight, plus bias; rows are adjacent. */
  layerNormForward(
    out: Address,
    x: Address,
    weight: Address,
    bias: Address,
    rows: number,
    n: number,
    eps: number,
  ): void;
  /** ∂L/∂x of the same from dy, and shares = dy · (x normalised), whose column sums are ∂L/∂weight. */
  layerNormBackward(
    dx: Address,
    shares: Address,
    dy: Address,
    x: Address,
    weight: Address,
    rows: number,
    n: number,
    eps: number,
  ): void;

  /** Softmax of each row; `out` may be `x`. */
  softmaxRows(out: Address, outRow: number, x: Address, xRow: number, rows: number, n: number): void;
  /** Softmax of the first i mod n + 1 elements of row i, zeros after; rows are adjacent; `out` may be `x`. */
  causalSoftmaxRows(out: Address, x: Address, rows: number, n: number): void;
  /** x − ln Σ eˣ of each row; `scratch` holds n floats; `out` may be `x`. */
  logSoftmaxRows(
    out: Address,
    outRow: number,
    x: Address,
    xRow: number,
    rows: number,
    n: number,
    scratch: Address,
  ): void;
  /**
   * Writes probs = softmax of each row (contiguous) and returns Σ −ln probs[i, targets[i]] (float64; divide by the rows
   * for the mean). Targets are int32 and not checked; `probs` is not `x`.
   */
  crossEntropyForward(
    probs: Address,
    x: Address,
    xRow: number,
    targets: Address,
    rows: number,
    n: number,
  ): number;
  /** out[i, j] = (probs[i, j] − [j = targets[i]]) · scale; scale is ∂L/∂(the sum), upstream/rows for a mean. */
  crossEntropyBackward(
    out: Address,
    outRow: number,
    probs: Address,
    targets: Address,
    rows: number,
    n: number,
    scale: number,
  ): void;

  /**
   * value −= lr · d, where g = ±grad + weightDecay · value and d = g, or with `velocity` (0: none) v = momentum · v +
   * (1 − dampening) · g (no dampening with OPTIM.first) and d = v, with OPTIM.nesterov g + momentum · v. n is a multiple
   * of 4.
   */
  sgd(
    values: Address,
    grads: Address,
    velocity: Address,
    n: number,
    flags: number,
    lr: number,
    momentum: number,
    dampening: number,
    weightDecay: number,
  ): void;
  /**
   * m = β₁m + (1 − β₁)g, v = β₂v + (1 − β₂)g², value −= stepSize · m / (√v / correction + eps), with stepSize =
   * lr / (1 − β₁ᵗ), correction = √(1 − β₂ᵗ). `largest` (0: none) is AMSGrad's running maximum. Weight decay is coupled, or
   * with OPTIM.decoupled value ·= 1 − lr · weightDecay. n is a multiple of 4.
   */
  adam(
    values: Address,
    grads: Address,
    first: Address,
    second: Address,
    largest: Address,
    n: number,
    flags: number,
    stepSize: number,
    beta1: number,
    beta2: number,
    eps: number,
    correction: number,
    lr: number,
    weightDecay: number,
  ): void;

  /** x[i] *= factor, rounded once; factor is taken as float32. */
  scaleBlock(x: Address, n: number, factor: number): void;
  /** Σ x[i]² in float64, to 1.8e-7 for any float32: neither overflows nor vanishes. */
  sumSquares(x: Address, n: number): number;
  /** out[s] (float64, 8 bytes each) = Σ x² over elements bounds[2s] … bounds[2s + 1] (int32) of x. */
  sumSquaresSegments(out: Address, x: Address, bounds: Address, segments: number): void;
  /** The largest |x[i]|; 0 for none, NaN where any is NaN. */
  maxAbs(x: Address, n: number): number;
}
