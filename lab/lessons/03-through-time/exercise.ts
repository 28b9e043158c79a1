/** One step of backpropagation through time. */

import { type Check, defineExercise } from '../../core/exercise.js';
import type session from './session.js';

const program = ({
  slope = '1 - h[i] * h[i]',
  weight = 'W[i][j] * da[i]',
  outer = 'd * p[j]',
  outerOf = 'da',
  rows = 'outerOf.map((d) => p.map((_, j) => OUTER))',
}): string => `/** One step back through h = tanh(W p + b): what the state before and W get from dh. */
export function stepBack(W: number[][], p: number[], h: number[], dh: number[]) {
  const da = dh.map((d, i) => d * (${slope}));
  const dPrevious = p.map((_, j) => da.reduce((sum, _, i) => sum + ${weight}, 0));
  const dW = ${rows.replace('outerOf', outerOf).replace('OUTER', outer)};
  return { dPrevious, dW };
}
`;

interface Step {
  readonly w: readonly (readonly number[])[];
  readonly p: readonly number[];
  readonly b: readonly number[];
  readonly dh: readonly number[];
}

const FIRST: Step = {
  w: [
    [0.5, -1.2],
    [0.8, 0.3],
  ],
  p: [0.4, -0.6],
  b: [0.1, 0.9],
  dh: [1, -2],
};
const SECOND: Step = {
  w: [
    [1.1, 0.2, -0.7],
    [-0.4, 0.9, 0.6],
    [0.3, -0.5, 1.3],
  ],
  p: [0.9, -0.2, 0.5],
  b: [0, -0.3, 0.2],
  dh: [-0.7, 0.4, 1.6],
};

const stateOf = ({ w, p, b }: Step): number[] =>
  w.map((row, i) => Math.tanh(row.reduce((sum, weight, j) => sum + weight * p[j], b[i])));
const givenOf = (step: Step) => [step.w, step.p, stateOf(step), step.dh] as const;

const largestGap = (own: readonly number[], right: readonly number[]): number =>
  own.length === right.length
    ? Math.max(...own.map((value, k) => (Number.isFinite(value) ? Math.abs(value - right[k]) : Infinity)))
    : Infinity;

const agrees: Check<typeof session>['judge'] = async (value, lab) => {
  const own = value as { readonly dPrevious?: unknown; readonly dW?: unknown } | null;
  const { dPrevious, dW } = own ?? {};
  if (!Array.isArray(dPrevious) || !Array.isArray(dW) || !dW.every(Array.isArray))
    return 'stepBack must return { dPrevious, dW }, a list and a list of rows';
  const right = await lab.call('step', SECOND);
  if (largestGap(dPrevious, right.dPrevious) > 1e-9) return 'dPrevious is not what the engine computes';
  return largestGap(dW.flat(), right.dW.flat()) > 1e-9 ? 'dW is not what the engine computes' : null;
};

export default defineExercise<typeof session>({
  starter: `/** One step back through h = tanh(W p + b): what the state before and W get from dh. */
export function stepBack(W: number[][], p: number[], h: number[], dh: number[]) {
  const dPrevious = p.map(() => 0);
  const dW = W.map((row) => row.map(() => 0));
  return { dPrevious, dW };
}
`,
  reference: program({}),
  checks: [
    { name: 'two units', call: 'stepBack', given: givenOf(FIRST) },
    {
      name: 'three units, compared with the engine’s backward pass',
      call: 'stepBack',
      given: givenOf(SECOND),
      judge: agrees,
    },
    {
      name: 'a saturated unit lets nothing through',
      call: 'stepBack',
      given: [FIRST.w, FIRST.p, [1, -1], FIRST.dh],
      hidden: true,
    },
    {
      name: 'no gradient, nothing to hand on',
      call: 'stepBack',
      given: [SECOND.w, SECOND.p, stateOf(SECOND), [0, 0, 0]],
      hidden: true,
    },
  ],
  mistakes: [
    {
      source: program({ weight: 'W[j][i] * da[i]' }),
      hint: 'This goes back with W, the way forward. Back it is Wᵀ: entry j of dPrevious collects W[i][j] · da[i] over i.',
    },
    {
      source: program({ slope: '1' }),
      hint: 'The derivative of tanh is missing: the gradient before it is dh · (1 − h²), unit by unit.',
    },
    {
      source: program({ slope: '1 - h[i]' }),
      hint: 'A square is missing: the derivative of tanh is 1 − h².',
    },
    {
      source: program({ slope: '1 - Math.tanh(h[i]) ** 2' }),
      hint: 'h is tanh already: its derivative is 1 − h², without another tanh.',
    },
    {
      source: program({ rows: 'p.map((x) => da.map((d) => d * x))' }),
      hint: 'dW is transposed: row i belongs to unit i of the state after, so it is da[i] times p.',
    },
    {
      source: program({ outerOf: 'dh' }),
      hint: 'dW is made from dh. It stands before the tanh, so it gets what has gone through tanh: da.',
    },
    {
      source: program({ outer: 'd * h[j]' }),
      hint: 'dW is made from h, the state after. W was multiplied with the state before, p.',
    },
  ],
});
