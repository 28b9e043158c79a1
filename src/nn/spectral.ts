/** Spectral norms: the factor by which a matrix can stretch a vector, measured and set. */

import { checkCount, kindOf, wrongKind } from '../tensor/arguments.js';
import { formatShape, Random, ShapeError, Tensor, tensor } from '../tensor/index.js';
import { checkNames } from '../tensor/options.js';
import { dot } from './dot.js';

/** Options of the power iteration. */
export interface SpectralNormOptions {
  /** Stops when ‖WᵀWv − σ²v‖ ≤ tolerance · σ², which bounds the relative error of σ; default 1e-10. */
  readonly tolerance?: number;
  /** Stops here at the latest; default 2,000. */
  readonly maxIterations?: number;
}

/** A measured spectral norm. */
export interface SpectralNorm {
  /** The largest singular value σ₁. */
  readonly norm: number;
  readonly iterations: number;
  /** Whether the tolerance was met within the iterations allowed. */
  readonly converged: boolean;
}

/** A symmetric n × n matrix, row-major. */
interface Gram {
  readonly n: number;
  readonly values: Float64Array;
}

/**
 * The spectral norm σ₁ of a matrix, in float64: power iteration on WᵀW (or WWᵀ, whichever is smaller), from a fixed
 * start. Plain power iteration stalls where σ₂ is close to σ₁, so now and then the iterated matrix is squared,
 * which doubles what every further step achieves; it stops on the residual, not on the change, which a stall would
 * fool. Throws an Error unless `w` is a matrix of finite numbers. Golub & Van Loan, Matrix Computations, §7.3, §8.2.
 */
export function spectralNorm(w: Tensor, options: SpectralNormOptions = {}): SpectralNorm {
  checkCount('spectralNorm', arguments.length, 2);
  checkNames('spectralNorm', options, ['tolerance', 'maxIterations']);
  const { tolerance = 1e-10, maxIterations = 2000 } = options;
  checkOptions(tolerance, maxIterations);
  const { data, largest } = finiteMatrix(w);
  if (largest === 0) return { norm: 0, iterations: 0, converged: true };
  const gram = gramOf(data, w.shape[0], w.shape[1], largest);
  const random = new Random(1);
  let v: Float64Array = normalised(Float64Array.from({ length: gram.n }, () => random.normal()));
  // A squaring costs n steps; asking for one every n/4 steps keeps the two in balance.
  const period = Math.max(16, Math.ceil(gram.n / 4));
  let power = gram;
  for (let iterations = 1; ; iterations++) {
    v = normalised(times(power, v));
    const stretched = times(gram, v);
    const square = dot(v, stretched);
    const rest = stretched.map((x, i) => x - square * v[i]);
    const converged = Math.sqrt(dot(rest, rest)) <= tolerance * square;
    if (converged || iterations === maxIterations) {
      return { norm: largest * Math.sqrt(square), iterations, converged };
    }
    if (iterations % period === 0) power = squared(power);
  }
}

/** A matrix scaled to a spectral norm, and the norm it reached. */
export interface ScaledWeight {
  readonly weight: Tensor;
  /** Spectral norm of `weight`, measured after rounding to its dtype. */
  readonly norm: number;
}

/**
 * `w` times ρ / σ₁(w): a matrix of spectral norm ρ, and the norm that it reached.
 *
 * The norm bounds what one step of backpropagation can do to a gradient; how it grows over many is the spectral
 * radius (largest |eigenvalue|). A Gaussian matrix scaled to norm ρ has a radius of about ρ/2 and may well not explode
 * at ρ = 1.2; `orthogonal(…, { gain: ρ })` has both equal to ρ (Pascanu, Mikolov & Bengio 2013, §2.1).
 * Throws an Error unless ρ is finite and ≥ 0, and for a zero matrix, which no factor scales to ρ > 0.
 */
export function withSpectralNorm(w: Tensor, rho: number, options: SpectralNormOptions = {}): ScaledWeight {
  checkCount('withSpectralNorm', arguments.length, 3);
  if (!(rho >= 0 && rho < Infinity)) {
    throw new Error(
      `withSpectralNorm: rho must be a finite number ≥ 0, got ${typeof rho === 'number' ? rho : kindOf(rho)}`,
    );
  }
  const { norm } = spectralNorm(w, options);
  if (norm === 0 && rho > 0) {
    throw new Error(
      `withSpectralNorm: a zero matrix cannot be scaled to ${rho}; draw one, for example with orthogonal()`,
    );
  }
  const values = Float64Array.from(w.data(), (x) => (norm === 0 ? 0 : (x / norm) * rho));
  const weight = tensor(values, { shape: w.shape, dtype: w.dtype, backend: w.backend.name });
  return { weight, norm: spectralNorm(weight, options).norm };
}

function checkOptions(tolerance: number, maxIterations: number): void {
  if (!(tolerance > 0)) throw new Error(`spectralNorm: tolerance must be > 0, got ${tolerance}`);
  if (!Number.isInteger(maxIterations) || maxIterations < 1) {
    throw new Error(`spectralNorm: maxIterations must be an integer ≥ 1, got ${maxIterations}`);
  }
}

/** The elements of a matrix and the largest of their sizes. */
function finiteMatrix(w: Tensor): { readonly data: Float64Array; readonly largest: number } {
  if (!(w instanceof Tensor)) throw wrongKind('spectralNorm', 'w', 'a Tensor', w);
  if (w.rank !== 2 || w.size === 0) {
    throw new ShapeError(
      `spectralNorm: needs a matrix [rows, columns], got ${formatShape(w.shape)}; reshape it to two axes`,
    );
  }
  const data = Float64Array.from(w.data());
  let largest = 0;
  for (const x of data) {
    if (!Number.isFinite(x)) throw new Error(`spectralNorm: elements must be finite, got ${x}`);
    largest = Math.max(largest, Math.abs(x));
  }
  return { data, largest };
}

/** WᵀW or WWᵀ, the smaller, of W divided by `scale` (so that no square overflows or vanishes). */
function gramOf(data: Float64Array, rows: number, columns: number, scale: number): Gram {
  const [n, length, alongN, alongLength] =
    rows <= columns ? [rows, columns, columns, 1] : [columns, rows, 1, columns];
  const vectors = Array.from({ length: n }, (_, i) =>
    Float64Array.from({ length }, (_unused, k) => data[i * alongN + k * alongLength] / scale),
  );
  return symmetric(n, (i, j) => dot(vectors[i], vectors[j]));
}

/** A², scaled by the trace so that the largest eigenvalue stays between 1/n and 1. */
function squared({ n, values }: Gram): Gram {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += values[i * (n + 1)];
  const rows = Array.from({ length: n }, (_, i) => values.subarray(i * n, (i + 1) * n).map((x) => x / trace));
  return symmetric(n, (i, j) => dot(rows[i], rows[j]));
}

function symmetric(n: number, entry: (i: number, j: number) => number): Gram {
  const values = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      values[i * n + j] = entry(i, j);
      values[j * n + i] = values[i * n + j];
    }
  }
  return { n, values };
}

function times({ n, values }: Gram, v: Float64Array): Float64Array {
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += values[i * n + j] * v[j];
    out[i] = sum;
  }
  return out;
}

function normalised(v: Float64Array): Float64Array {
  const length = Math.sqrt(dot(v, v));
  return v.map((x) => x / length);
}
