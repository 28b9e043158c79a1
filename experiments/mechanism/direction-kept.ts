import { clipByGlobalNorm, type DType, Random } from '../../src/index.js';
import { below, exactly } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { lengthOf, stepWith, turn, type Vector } from './clipped.js';

const COUNT = 10_000;
const DIMENSIONS = 8;
/** All gradients of one step share one factor, so each step takes some of them. */
const PER_STEP = 100;
const THRESHOLD = 1;

/** The largest turn of any gradient, and the turns of a few. */
async function turns(seed: number, dtype: DType): Promise<readonly number[]> {
  const random = new Random(seed);
  const all: number[] = [];
  for (let step = 0; step < COUNT / PER_STEP; step++) {
    const given = Array.from({ length: PER_STEP }, (): Vector => {
      const scale = 10 ** random.uniform(-2, 3);
      return Array.from({ length: DIMENSIONS }, () => rounded(random.normal(0, scale), dtype));
    });
    const { gradients } = await stepWith([clipByGlobalNorm(THRESHOLD)], given, dtype);
    for (const [i, gradient] of given.entries()) all.push(turn(gradient, gradients[i]));
    if (lengthOf(gradients.flat()) > THRESHOLD * (1 + 1e-5)) throw new Error('the gradient was not clipped');
  }
  return all;
}

function rounded(value: number, dtype: DType): number {
  return dtype === 'float32' ? Math.fround(value) : value;
}

/** Scaling keeps a direction, up to the rounding of each element. */
export const directionKept: Experiment = {
  number: 10,
  name: 'direction-kept',
  group: 'mechanism',
  claim: "preserves the gradient's direction exactly",
  source: 'circuit breaker',
  setUp: `${COUNT} random gradients of ${DIMENSIONS} elements, from lengths of hundredths to thousands, clipped to norm ${THRESHOLD} in float64 and in float32.`,
  criterion:
    '1 − cos of the angle between before and after is below 1e-12 in float64 and below 1e-6 in float32, for every one, and not 0 for all.',
  verdict: 'holds under conditions',
  condition:
    'up to rounding. In float64 the turn is below 1e-12 (it is about 1e-33), in float32 below 1e-6 (about 1e-15); exactly 0 it is in neither.',
  explanation:
    'Clipping by the global norm multiplies every element by the same number, and that keeps a direction. But each product is rounded to the nearest number that the computer has, each a little differently, so the direction is kept as well as numbers can keep it, not exactly. What is lost is far too little to matter.',
  run: async (seed) => {
    const double = await turns(seed, 'float64');
    const single = await turns(seed, 'float32');
    const exactlyKept = (all: readonly number[]) => all.filter((each) => each === 0).length;
    const worst = (all: readonly number[]) => Math.max(...all);
    const sorted = (all: readonly number[]) =>
      [...all].sort((a, b) => a - b).filter((_, i) => i % 100 === 50);
    const share = sorted(double).map((_, i, { length }) => (i + 0.5) / length);
    return {
      checks: [
        below('largest 1 − cos, float32', worst(single), 1e-6),
        below('largest 1 − cos, float64', worst(double), 1e-12),
        exactly('gradients with every bit of direction kept: all?', Number(exactlyKept(single) === COUNT), 0),
      ],
      figure: {
        kind: 'lines',
        title: 'How far clipping turned ten thousand gradients',
        caption:
          '1 − cos of the angle, gradients sorted by it; what turned by nothing at all has no place on a log axis.',
        x: { label: 'share of the gradients', scale: 'linear' },
        y: { label: '1 − cos', scale: 'log' },
        series: [
          { label: 'float32', x: share, y: sorted(single) },
          { label: 'float64', x: share, y: sorted(double) },
        ],
        levels: [
          { label: 'criterion, float32', y: 1e-6 },
          { label: 'criterion, float64', y: 1e-12 },
        ],
      },
    };
  },
};
