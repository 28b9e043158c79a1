/**
 * Initial weights: plain tensors to be `assign`ed to parameters. They use + − × ÷ √ and the library's own random
 * numbers alone, so that a seed gives the same weights in every engine.
 */

import { checkCount, checkNumber, kindOf } from '../tensor/arguments.js';
import {
  formatShape,
  normal,
  type Random,
  type Shape,
  ShapeError,
  type Tensor,
  type TensorOptions,
  tensor,
  uniform,
} from '../tensor/index.js';
import { checkNames } from '../tensor/options.js';
import { checkRandom } from '../tensor/random.js';
import { dot } from './dot.js';

/** Options of the Xavier and orthogonal initialisations. */
export interface GainOptions extends TensorOptions {
  /** Factor on the weights, default 1; `gainFor` gives the usual ones. */
  readonly gain?: number;
}

/** Nonlinearities that have a usual gain. */
export type GainName = 'linear' | 'identity' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'selu';

/** Options of the Kaiming initialisations. */
export interface KaimingOptions extends TensorOptions {
  /** Which side's variance to preserve: forward signals (`fanIn`, default) or gradients (`fanOut`). */
  readonly mode?: 'fanIn' | 'fanOut';
  /** What follows the layer, default 'relu'. */
  readonly nonlinearity?: GainName;
  /** Of leakyRelu, default 0.01. */
  readonly negativeSlope?: number;
}

/** The factor that keeps variance through a nonlinearity: PyTorch's `calculate_gain`. */
export function gainFor(nonlinearity: GainName, negativeSlope = 0.01): number {
  checkCount('gainFor', arguments.length, 2);
  checkNumber('gainFor', 'negativeSlope', negativeSlope);
  switch (nonlinearity) {
    case 'linear':
    case 'identity':
    case 'sigmoid':
      return 1;
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.SQRT2;
    case 'leakyRelu':
      return Math.sqrt(2 / (1 + negativeSlope * negativeSlope));
    case 'selu':
      return 3 / 4;
    default:
      throw new Error(
        `gainFor: nonlinearity must be one of linear, identity, sigmoid, tanh, relu, leakyRelu, selu, got ${quoted(nonlinearity satisfies never)}`,
      );
  }
}

function quoted(name: unknown): string {
  return typeof name === 'string' ? `'${name}'` : kindOf(name);
}

/** Inputs and outputs that one weight of a layer connects; [out, in, …field] as PyTorch counts them. */
function fans(caller: string, shape: Shape): { readonly fanIn: number; readonly fanOut: number } {
  checkMatrix(caller, shape);
  const [outputs, inputs, ...field] = shape;
  const reach = field.reduce((product, length) => product * length, 1);
  return { fanIn: inputs * reach, fanOut: outputs * reach };
}

function checkMatrix(caller: string, shape: Shape): void {
  if (
    Array.isArray(shape) &&
    shape.length >= 2 &&
    shape.every((length) => Number.isInteger(length) && length > 0)
  )
    return;
  throw new ShapeError(
    `${caller}: needs a shape [out, in, …] without empty axes, got ${Array.isArray(shape) ? formatShape(shape) : kindOf(shape)}; use zeros for a bias`,
  );
}

/** The options of the Xavier and orthogonal initialisations, complete. */
function readGain(
  caller: string,
  random: Random,
  options: GainOptions,
): { readonly gain: number; readonly place: TensorOptions } {
  checkRandom(caller, random);
  checkNames(caller, options, ['gain', 'dtype', 'backend']);
  const { gain = 1, ...place } = options;
  return { gain, place };
}

function checkGain(caller: string, gain: number): void {
  if (Number.isFinite(gain)) return;
  throw new Error(`${caller}: gain must be a finite number, got ${gain}`);
}

function xavierDeviation(caller: string, shape: Shape, gain: number): number {
  checkGain(caller, gain);
  const { fanIn, fanOut } = fans(caller, shape);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
}

/** Uniform in ±gain·√(6 / (fanIn + fanOut)), for a weight [out, in, …] (Glorot & Bengio 2010, eq. 16). */
export function xavierUniform(shape: Shape, random: Random, options: GainOptions = {}): Tensor {
  checkCount('xavierUniform', arguments.length, 3);
  const { gain, place } = readGain('xavierUniform', random, options);
  const bound = xavierDeviation('xavierUniform', shape, gain) * Math.sqrt(3);
  return uniform(shape, random, -bound, bound, place);
}

/** Normal with variance gain²·2 / (fanIn + fanOut), for a weight [out, in, …] (Glorot & Bengio 2010). */
export function xavierNormal(shape: Shape, random: Random, options: GainOptions = {}): Tensor {
  checkCount('xavierNormal', arguments.length, 3);
  const { gain, place } = readGain('xavierNormal', random, options);
  return normal(shape, random, 0, xavierDeviation('xavierNormal', shape, gain), place);
}

/** What a Kaiming initialisation draws with. */
interface Kaiming {
  readonly deviation: number;
  readonly place: TensorOptions;
}

function readKaiming(caller: string, shape: Shape, random: Random, options: KaimingOptions): Kaiming {
  checkRandom(caller, random);
  checkNames(caller, options, ['mode', 'nonlinearity', 'negativeSlope', 'dtype', 'backend']);
  const { mode = 'fanIn', nonlinearity = 'relu', negativeSlope, ...place } = options;
  if (mode !== 'fanIn' && mode !== 'fanOut') {
    throw new Error(`${caller}: mode must be 'fanIn' or 'fanOut', got ${kindOf(mode satisfies never)}`);
  }
  const gain = gainFor(nonlinearity, negativeSlope);
  checkGain(caller, gain);
  return { deviation: gain / Math.sqrt(fans(caller, shape)[mode]), place };
}

/** Uniform in ±gain·√(3 / fan), for a weight [out, in, …] (He et al. 2015, eq. 10). */
export function kaimingUniform(shape: Shape, random: Random, options: KaimingOptions = {}): Tensor {
  checkCount('kaimingUniform', arguments.length, 3);
  const { deviation, place } = readKaiming('kaimingUniform', shape, random, options);
  const bound = deviation * Math.sqrt(3);
  return uniform(shape, random, -bound, bound, place);
}

/** Normal with variance gain² / fan, for a weight [out, in, …] (He et al. 2015, eq. 10). */
export function kaimingNormal(shape: Shape, random: Random, options: KaimingOptions = {}): Tensor {
  checkCount('kaimingNormal', arguments.length, 3);
  const { deviation, place } = readKaiming('kaimingNormal', shape, random, options);
  return normal(shape, random, 0, deviation, place);
}

/**
 * A random orthogonal matrix times `gain`, uniform over all of them (Saxe et al. 2014; Mezzadri 2007): every singular
 * value is `gain`. For [out, in, …] the axes after the first count as columns; where there are more rows than
 * columns the columns are orthonormal, else the rows. Computed in float64, rounded once.
 */
export function orthogonal(shape: Shape, random: Random, options: GainOptions = {}): Tensor {
  checkCount('orthogonal', arguments.length, 3);
  const { gain, place } = readGain('orthogonal', random, options);
  checkMatrix('orthogonal', shape);
  checkGain('orthogonal', gain);
  const rows = shape[0];
  const columns = shape.slice(1).reduce((product, length) => product * length, 1);
  const vectors = orthonormalVectors(Math.min(rows, columns), Math.max(rows, columns), random);
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      values[i * columns + j] = gain * (rows <= columns ? vectors[i][j] : vectors[j][i]);
    }
  }
  return tensor(values, { dtype: 'float32', ...place, shape });
}

/**
 * Gaussian vectors made orthonormal by Gram–Schmidt, in two passes because one loses orthogonality (Giraud et al.
 * 2005). Lengths are positive, so this is the QR decomposition whose Q is uniform (Mezzadri 2007, eq. 5.12).
 */
function orthonormalVectors(count: number, length: number, random: Random): Float64Array[] {
  const found: Float64Array[] = [];
  while (found.length < count) {
    const vector = Float64Array.from({ length }, () => random.normal());
    const before = dot(vector, vector);
    for (let pass = 0; pass < 2; pass++) {
      for (const other of found) {
        const shared = dot(vector, other);
        for (let i = 0; i < length; i++) vector[i] -= shared * other[i];
      }
    }
    const left = dot(vector, vector);
    if (left < before * 1e-20) continue; // all but a combination of the others: no direction left, draw again
    const scale = 1 / Math.sqrt(left);
    found.push(vector.map((x) => x * scale));
  }
  return found;
}
