/** Units of a tensor: rows or columns, one for each output, each measured and scaled by itself. */

import { hostNorm } from '../../kernels/gpu/host.js';
import type { Shape, Tensor } from '../tensor/index.js';
import { BEYOND_FLOAT64 } from './checks.js';

/** What a unit of a tensor of two or more dimensions may be; a vector or a scalar is one unit. */
export const unitKinds = ['rows', 'columns'] as const;

/** Rows: along the first axis. Columns: along the last. */
export type UnitKind = (typeof unitKinds)[number];

/** Where the elements of a row-major tensor's units lie: element e of unit u at u · unitStride + e · stride. */
interface Grid {
  readonly units: number;
  readonly length: number;
  readonly unitStride: number;
  readonly stride: number;
}

function gridOf(shape: Shape, kind: UnitKind): Grid {
  const size = shape.reduce((product, length) => product * length, 1);
  if (shape.length < 2) return { units: 1, length: size, unitStride: 0, stride: 1 };
  const units = kind === 'rows' ? shape[0] : shape[shape.length - 1];
  const length = units === 0 ? 0 : size / units;
  if (kind === 'rows') return { units, length, unitStride: length, stride: 1 };
  return { units, length, unitStride: 1, stride: units };
}

/** The 2-norm of every unit, in float64. */
export function unitNorms(tensor: Tensor, kind: UnitKind): number[] {
  const { units, length, unitStride, stride } = gridOf(tensor.shape, kind);
  const { data, offset } = tensor.view();
  const unit = new Float64Array(length);
  return Array.from({ length: units }, (_, u) => {
    for (let e = 0; e < length; e++) unit[e] = data[offset + u * unitStride + e * stride];
    return hostNorm(unit, 0, length, 2);
  });
}

/**
 * A copy of a gradient in which each unit is multiplied by its factor; 1 changes not a bit. Throws if the norm of a unit
 * of finite numbers is beyond float64: its factor of 0 would erase it.
 */
export function scaledUnits(caller: string, grad: Tensor, kind: UnitKind, scales: readonly number[]): Tensor {
  const scaled = grad.copy();
  const { units, length, unitStride, stride } = gridOf(grad.shape, kind);
  const { data, offset } = scaled.view();
  for (let u = 0; u < units; u++) {
    let allFinite = true;
    for (let e = 0; e < length; e++) {
      const place = offset + u * unitStride + e * stride;
      allFinite &&= Number.isFinite(data[place]);
      data[place] *= scales[u];
    }
    if (scales[u] === 0 && allFinite && unitNorms(grad, kind)[u] === Infinity) {
      throw new Error(`${caller}: ${BEYOND_FLOAT64}`);
    }
  }
  return scaled;
}
