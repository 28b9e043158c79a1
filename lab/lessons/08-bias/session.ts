/** One number fitted to ten targets by gradient descent, each example's gradient clipped, or their mean. */

import {
  clipByGlobalNorm,
  noGrad,
  Parameter,
  PerExampleClipping,
  SGD,
  scope,
  tensor,
  type Variable,
} from '../../../src/index.js';
import { defineSession } from '../../core/session.js';
import { meanOf, targetsOf } from './targets.js';

/** What is fitted, and what is clipped. */
export interface Fit {
  /** `skewed`: nine targets at 0, one at `target`; `symmetric`: ten from −`target` to `target`. */
  readonly kind: string;
  readonly target: number;
  /** `each` example's gradient, or the `mean` of all ten. */
  readonly clips: string;
  readonly c: number;
}

const EXACT = { dtype: 'float64', backend: 'reference' } as const;
/** The loss has curvature 1: with this rate no step goes too far. */
const LR = 1;
const MOST_STEPS = 500;

/** ½(x − target)², whose gradient is x − target. */
function errorOf(x: Parameter, target: number): Variable {
  return x.sub(tensor(target, EXACT)).square().mul(0.5);
}

function meanError(x: Parameter, targets: readonly number[]): Variable {
  return targets
    .map((target) => errorOf(x, target))
    .reduce((sum, error) => sum.add(error))
    .div(targets.length);
}

/** One full batch after another, from the best x on, until nothing moves. */
async function settle({ kind, target, clips, c }: Fit) {
  const targets = targetsOf(kind, target);
  const x = new Parameter(tensor(meanOf(targets), EXACT));
  const each = clips === 'each' ? new PerExampleClipping([x], { maxNorm: c }) : null;
  const hooks = each ? [] : [clipByGlobalNorm(c)];
  const optimizer = new SGD([x], { lr: LR, hooks });
  const path = [x.item()];
  let clipped = 0;
  for (let step = 0; step < MOST_STEPS; step++) {
    optimizer.zeroGrad();
    if (each) {
      for (const target of targets) await each.add(() => errorOf(x, target));
      clipped = each.finish().clipped;
    } else scope(() => meanError(x, targets).backward());
    const report = await optimizer.step();
    if (!each) clipped = report.clipped ? targets.length : 0;
    const [before, now] = [path[path.length - 1], x.item()];
    if (Math.abs(now - before) < 1e-13) break;
    path.push(now);
  }
  optimizer.release();
  return { path, rest: path[path.length - 1], clipped: clipped / targets.length };
}

export default defineSession({
  calls: {
    /** Where x settles, the way there, and the share of examples that are clipped there. */
    settle,

    /** The same under each of some thresholds. */
    async settleAll({ thresholds, ...fit }: Omit<Fit, 'c'> & { readonly thresholds: readonly number[] }) {
      const rests: number[] = [];
      const clipped: number[] = [];
      for (const c of thresholds) {
        const found = await settle({ ...fit, c });
        rests.push(found.rest);
        clipped.push(found.clipped);
      }
      return { rests, clipped };
    },

    /** How each target pulls at x, the gradient turned around: as it is, and once clipped by itself. */
    async pulls({ kind, target, c, x: at }: Omit<Fit, 'clips'> & { readonly x: number }) {
      const x = new Parameter(tensor(at, EXACT));
      const whole: number[] = [];
      const cut: number[] = [];
      for (const each of targetsOf(kind, target)) {
        const pull = noGrad(() => tensor(each, EXACT).sub(x.value).item());
        const clipping = new PerExampleClipping([x], { maxNorm: c });
        await clipping.add(() => errorOf(x, each));
        clipping.finish();
        whole.push(pull);
        cut.push(0 - x.grad!.item());
        x.grad = null;
      }
      return { whole, cut };
    },
  },
});
