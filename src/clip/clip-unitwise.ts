/**
 * Adaptive gradient clipping (AGC), Brock et al. 2021 (arXiv 2102.06171), §4: the gradient of each unit is held against
 * the norm of its weights.
 */

import type { Shape, Tensor } from '../tensor/index.js';
import { withDefaults } from '../tensor/options.js';
import { checkBound, checkWord } from './checks.js';
import { clipFactor } from './clip-by-global-norm.js';
import { checkThreshold, type GradientHook, type NonFinitePolicy } from './hook.js';
import { hostNorm } from './host-norm.js';
import { applyPolicy, checkPolicy, checkReach } from './non-finite.js';
import { type Schedule, thresholdAt } from './schedule.js';

/** What a unit of a tensor of two or more dimensions may be; a vector or a scalar is one unit. */
export const unitKinds = ['rows', 'columns'] as const;

/** Options of `clipUnitwise`. */
export interface UnitwiseOptions {
  /**
   * `rows` (default): all weights of one output of [out, in, …], as timm; `columns`: all but the last axis, for weights
   * laid out [in, out], as Optax.
   */
  readonly units?: (typeof unitKinds)[number];
  /** Least norm that weights count as having, so that those that start at zero may leave it; default 1e-3. */
  readonly floor?: number;
  /** Parameters to leave as they are, by name; the paper leaves out the last layer. */
  readonly exclude?: (name: string) => boolean;
  /** What to do about NaN and infinite gradients (default: throw, naming the parameters). */
  readonly nonFinite?: NonFinitePolicy;
}

const defaults: Required<UnitwiseOptions> = {
  units: 'rows',
  floor: 1e-3,
  exclude: () => false,
  nonFinite: 'throw',
};

/**
 * Scales the gradient of each unit so that its norm is at most `ratio` (λ) times that of the unit's weights:
 * G_u ← G_u · min(1, λ max(‖W_u‖, ε) / ‖G_u‖), ε being `floor`. The step is then bounded in proportion to what it
 * changes. Measured on the host in float64.
 */
export function clipUnitwise(ratio: number | Schedule = 0.01, options: UnitwiseOptions = {}): GradientHook {
  const name = 'clipUnitwise';
  const { units, floor, exclude, nonFinite } = withDefaults(name, options, defaults);
  if (typeof ratio !== 'function') checkThreshold(name, ratio);
  checkWord(name, 'units', units, unitKinds);
  checkBound(name, 'floor', floor);
  checkPolicy(name, nonFinite);
  return {
    name,
    async apply(gradients, { step }) {
      const threshold = thresholdAt(name, ratio, step);
      const zeroed = await applyPolicy(name, gradients, nonFinite);
      const norm = await gradients.norm();
      let clippedUnits = 0;
      if (gradients.skipped === null && threshold !== Number.POSITIVE_INFINITY) {
        await checkReach(name, gradients, norm);
        for (const [i, { value, grad }] of gradients.parameters.entries()) {
          const parameter = gradients.names[i];
          if (exclude(parameter)) continue;
          const grid = gridOf(value.shape, units);
          const weights = unitNorms(value, grid);
          const scales = unitNorms(grad!, grid).map((own, u) =>
            clipFactor(own, threshold * Math.max(weights[u], floor), 0),
          );
          const clipped = scales.filter((scale) => scale !== 1).length;
          if (clipped > 0) gradients.edit(parameter, (grads) => scaledUnits(grads, grid, scales));
          clippedUnits += clipped;
        }
      }
      const values = { norm, threshold, clippedUnits };
      return { hook: name, clipped: zeroed || clippedUnits > 0, values };
    },
  };
}

/** Where the elements of a row-major tensor's units lie: element e of unit u at u · unitStride + e · stride. */
interface Grid {
  readonly units: number;
  readonly length: number;
  readonly unitStride: number;
  readonly stride: number;
}

function gridOf(shape: Shape, kind: (typeof unitKinds)[number]): Grid {
  const size = shape.reduce((product, length) => product * length, 1);
  if (shape.length < 2) return { units: 1, length: size, unitStride: 0, stride: 1 };
  const units = kind === 'rows' ? shape[0] : shape[shape.length - 1];
  const length = units === 0 ? 0 : size / units;
  if (kind === 'rows') return { units, length, unitStride: length, stride: 1 };
  return { units, length, unitStride: 1, stride: units };
}

/** The 2-norm of every unit. */
function unitNorms(tensor: Tensor, { units, length, unitStride, stride }: Grid): Float64Array {
  const { data, offset } = tensor.view();
  const unit = new Float64Array(length);
  return Float64Array.from({ length: units }, (_, u) => {
    for (let e = 0; e < length; e++) unit[e] = data[offset + u * unitStride + e * stride];
    return hostNorm(unit, 0, length, 2);
  });
}

/** A copy in which each unit is multiplied by its factor; 1 changes not a bit. */
function scaledUnits(
  grad: Tensor,
  { units, length, unitStride, stride }: Grid,
  scales: Float64Array,
): Tensor {
  const scaled = grad.copy();
  const { data, offset } = scaled.view();
  for (let u = 0; u < units; u++) {
    for (let e = 0; e < length; e++) data[offset + u * unitStride + e * stride] *= scales[u];
  }
  return scaled;
}
