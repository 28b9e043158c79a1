/** A gradient clipped by the library's own hooks, as it comes out of an optimizer's step. */

import {
  clipByGlobalNorm,
  clipByValue,
  type GradientHook,
  Parameter,
  SGD,
  scope,
  tensor,
} from '../../../src/index.js';
import { defineSession } from '../../core/session.js';

/** A gradient and a threshold. */
export interface Clip {
  readonly gradient: readonly number[];
  readonly c: number;
}

/** What came out, how long it is, and by how many degrees it was turned. */
export interface Clipped {
  readonly gradient: readonly number[];
  readonly norm: number;
  readonly degrees: number;
}

const EXACT = { dtype: 'float64', backend: 'reference' } as const;

/** From zero and with a rate of 1, a step is the gradient with its sign turned. */
async function clipped(gradient: readonly number[], hook: GradientHook): Promise<Clipped> {
  const zero = tensor(new Float64Array(gradient.length), EXACT);
  const parameter = new Parameter(zero);
  const optimizer = new SGD([parameter], { lr: 1, hooks: [hook] });
  scope(() =>
    parameter
      .mul(tensor([...gradient], EXACT))
      .sum()
      .backward(),
  );
  await optimizer.step();
  const out = Array.from(parameter.value.data(), (value) => 0 - value);
  optimizer.release();
  const norm = lengthOf(out);
  const dot = out.reduce((sum, value, k) => sum + value * gradient[k], 0);
  const cosine = dot / (norm * lengthOf(gradient));
  // Near 1 the cosine knows little of the angle; rounding must not make one.
  const degrees = cosine > 1 - 1e-14 ? 0 : (Math.acos(cosine) * 180) / Math.PI;
  return { gradient: out, norm, degrees: norm > 0 ? degrees : 0 };
}

function lengthOf(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

export default defineSession({
  calls: {
    byNorm: ({ gradient, c }: Clip) => clipped(gradient, clipByGlobalNorm(c)),
    byValue: ({ gradient, c }: Clip) => clipped(gradient, clipByValue(c)),
  },
});
