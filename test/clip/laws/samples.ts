/**
 * The table of every clipper, for the laws: how to make it, what it promises besides them, and what it refuses. Typed
 * by the names of src/clip/clippers.ts, so that the compiler finds one that is missing.
 */

import type * as clippers from '../../../src/clip/clippers.js';
import {
  adaGC,
  autoClip,
  capNormGrowth,
  clipByBlockRms,
  clipByGlobalNorm,
  clipByGroupNorm,
  clipByTensorNorm,
  clipByValue,
  clipSpikes,
  clipUnitwise,
  clipUpdateByRms,
  type GradientHook,
  type NonFinitePolicy,
  type StepHook,
  skipAbove,
  skipNonFinite,
  skipSpikes,
  zClip,
} from '../../../src/index.js';
import { norm2 } from '../support.js';
import type { Shapes } from './rig.js';

/** What a norm clipper promises: the parts whose direction it keeps, each down to a norm of its own. */
export interface NormPromise {
  readonly at: (threshold: number) => GradientHook;
  /** The parts of all gradients, given for weight, bias and other, of which other is a group of its own. */
  readonly parts: (arrays: readonly (readonly number[])[], shapes: Shapes) => readonly (readonly number[])[];
  /** The norm that a part is brought down to; `weights`: the numbers of that part of the parameters. */
  readonly bound: (threshold: number, part: readonly number[], weights: readonly number[]) => number;
}

export interface Sample {
  /** Made anew, so that a step of norm about 1 after 24 like it is calm and one of norm 1000 is not. */
  readonly make: (nonFinite: NonFinitePolicy) => StepHook;
  /** It has the option `nonFinite`. */
  readonly hasPolicy: boolean;
  /** It acts on NaN and infinities only. */
  readonly onlyNonFinite?: true;
  /** Its threshold comes from the steps before: NaN and infinities among them must not disable it. */
  readonly adaptive?: true;
  readonly norm?: NormPromise;
  /** Calls that must throw, and what the error says behind the clipper's name and a colon. */
  readonly wrong: readonly (readonly [call: () => unknown, message: string])[];
}

/** Rows of the first axis; a vector is one. */
const rows: NormPromise['parts'] = (arrays, shapes) =>
  arrays.flatMap((array, p) => {
    const count = shapes[p].length < 2 ? 1 : shapes[p][0];
    const length = array.length / count;
    return Array.from({ length: count }, (_, row) => array.slice(row * length, (row + 1) * length));
  });

/** What the laws know of every clipper. */
export const samples: Readonly<Record<keyof typeof clippers, Sample>> = {
  adaGC: {
    make: (nonFinite) => adaGC(2, { warmup: 5, maxNorm: 2, nonFinite }),
    hasPolicy: true,
    adaptive: true,
    wrong: [
      [() => adaGC(-1), 'maxRatio must be a number ≥ 0, got -1'],
      [() => adaGC(1, { warmup: 0.5 }), 'warmup must be an integer ≥ 0, got 0.5'],
      [() => adaGC(1, { decay: 1 }), 'decay must be a number in [0, 1), got 1'],
      [() => adaGC(1, { maxNorm: Number.NaN }), 'maxNorm must be a number ≥ 0, got NaN'],
    ],
  },
  autoClip: {
    make: (nonFinite) => autoClip(90, { window: 20, nonFinite }),
    hasPolicy: true,
    adaptive: true,
    wrong: [
      [() => autoClip(101), 'percentile must be a number from 0 to 100, got 101'],
      [() => autoClip(10, { window: 0 }), 'window must be an integer ≥ 1, got 0'],
    ],
  },
  clipByBlockRms: {
    make: (nonFinite) => clipByBlockRms(2, { nonFinite }),
    hasPolicy: true,
    norm: {
      at: (c) => clipByBlockRms(c),
      parts: (arrays) => arrays,
      bound: (c, { length }) => c * Math.sqrt(length),
    },
    wrong: [
      [
        () => clipByBlockRms(-1),
        'maxRms must be a number ≥ 0 (Infinity: measure only) or a schedule, got -1',
      ],
    ],
  },
  clipByGlobalNorm: {
    make: (nonFinite) => clipByGlobalNorm(2, { nonFinite }),
    hasPolicy: true,
    norm: { at: (c) => clipByGlobalNorm(c), parts: (arrays) => [arrays.flat()], bound: (c) => c },
    wrong: [
      [
        () => clipByGlobalNorm(-1),
        'maxNorm must be a number ≥ 0 (Infinity: measure only) or a schedule, got -1',
      ],
      [() => clipByGlobalNorm(1, { p: 0 }), 'p must be a number > 0 or Infinity, got 0'],
    ],
  },
  clipByGroupNorm: {
    make: (nonFinite) => clipByGroupNorm([2, 3], { nonFinite }),
    hasPolicy: true,
    norm: {
      at: (c) => clipByGroupNorm(c),
      parts: ([weight, bias, other]) => [[...weight, ...bias], other],
      bound: (c) => c,
    },
    wrong: [
      [
        () => clipByGroupNorm([1, -1]),
        'maxNorm must be a number ≥ 0 (Infinity: measure only) or a schedule, got -1',
      ],
    ],
  },
  clipByTensorNorm: {
    make: (nonFinite) => clipByTensorNorm(2, { nonFinite }),
    hasPolicy: true,
    norm: { at: (c) => clipByTensorNorm(c), parts: (arrays) => arrays, bound: (c) => c },
    wrong: [
      [
        () => clipByTensorNorm(Number.NaN),
        'maxNorm must be a number ≥ 0 (Infinity: measure only) or a schedule, got NaN',
      ],
    ],
  },
  clipByValue: {
    make: () => clipByValue(2),
    hasPolicy: false,
    wrong: [[() => clipByValue(-1), 'maxValue must be a number ≥ 0 or { min, max }, got -1']],
  },
  capNormGrowth: {
    make: (nonFinite) => capNormGrowth(1.5, { nonFinite }),
    hasPolicy: true,
    adaptive: true,
    wrong: [
      [() => capNormGrowth(0.9), 'maxGrowth must be a number ≥ 1, got 0.9'],
      [() => capNormGrowth(2, { floor: -1 }), 'floor must be a number ≥ 0, got -1'],
      [() => capNormGrowth(2, { eps: -1 }), 'eps must be a finite number ≥ 0, got -1'],
    ],
  },
  clipSpikes: {
    make: () => clipSpikes(),
    hasPolicy: false,
    wrong: [
      [() => clipSpikes(-1), 'maxRatio must be a number ≥ 0 (Infinity: measure only) or a schedule, got -1'],
    ],
  },
  clipUnitwise: {
    make: (nonFinite) => clipUnitwise(10, { nonFinite }),
    hasPolicy: true,
    norm: {
      at: (c) => clipUnitwise(c),
      parts: rows,
      bound: (c, _, weights) => c * Math.max(1e-3, norm2(weights)),
    },
    wrong: [
      [
        () => clipUnitwise(-1),
        'maxRatio must be a number ≥ 0 (Infinity: measure only) or a schedule, got -1',
      ],
      [() => clipUnitwise(1, { floor: -1 }), 'floor must be a number ≥ 0, got -1'],
      [() => clipUnitwise(1, { units: 'row' as 'rows' }), "units must be one of rows, columns, got 'row'"],
    ],
  },
  clipUpdateByRms: {
    make: () => clipUpdateByRms(),
    hasPolicy: false,
    wrong: [
      [
        () => clipUpdateByRms(-1),
        'maxRms must be a number ≥ 0 (Infinity: measure only) or a schedule, got -1',
      ],
      [() => clipUpdateByRms(1, { eps: 0 }), 'eps must be a finite number > 0, got 0'],
    ],
  },
  skipAbove: {
    make: (nonFinite) => skipAbove(2, { nonFinite }),
    hasPolicy: true,
    wrong: [
      [() => skipAbove(-1), 'maxNorm must be a number ≥ 0 (Infinity: measure only) or a schedule, got -1'],
      [() => skipAbove(1, { p: -2 }), 'p must be a number > 0 or Infinity, got -2'],
    ],
  },
  skipNonFinite: {
    make: () => skipNonFinite(),
    hasPolicy: false,
    onlyNonFinite: true,
    wrong: [
      [() => skipNonFinite(1.5), 'maxInARow must be an integer ≥ 0 or Infinity, got 1.5'],
      [() => skipNonFinite(-1), 'maxInARow must be an integer ≥ 0 or Infinity, got -1'],
    ],
  },
  skipSpikes: {
    make: () => skipSpikes(6, { window: 24 }),
    hasPolicy: false,
    adaptive: true,
    wrong: [
      [() => skipSpikes(6, { window: 10 }), 'window must be an integer ≥ 20, got 10'],
      [() => skipSpikes(0), 'maxDeviations must be a number > 0, got 0'],
    ],
  },
  zClip: {
    make: (nonFinite) => zClip(2.5, { warmup: 5, maxNorm: 4, nonFinite }),
    hasPolicy: true,
    adaptive: true,
    wrong: [
      [() => zClip(-1), 'maxZ must be a number ≥ 0, got -1'],
      [() => zClip(2, { warmup: 0 }), 'warmup must be an integer ≥ 1, got 0'],
      [() => zClip(2, { decay: -0.1 }), 'decay must be a number in [0, 1), got -0.1'],
      [
        () => zClip(2, { mode: 'median' as 'mean' }),
        "mode must be one of adaptive, mean, percentile, got 'median'",
      ],
    ],
  },
};
