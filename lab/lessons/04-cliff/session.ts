/** The cliff's surface, and descents on it, computed by the engine as `tamegrad demo cliff` does. */

import { cliffError, EXACT, startCliff } from '../../../demos/cliff/model.js';
import { clipByGlobalNorm, noGrad, SGD, scope, tensor } from '../../../src/index.js';
import { defineSession } from '../../core/session.js';

/** A part of the plane, in cells. */
export interface Window {
  readonly w: readonly [min: number, max: number];
  readonly b: readonly [min: number, max: number];
  readonly columns: number;
  readonly rows: number;
}

/** A descent: where it starts, its rate and its threshold; 0 for no clipping. */
export interface Descent {
  readonly w: number;
  readonly b: number;
  readonly lr: number;
  readonly c: number;
  readonly steps: number;
}

function descent({ w, b, lr, c, steps }: Descent) {
  const { model, batches, loss } = startCliff({
    ...{ seed: 1, steps, lr, optimizer: 'sgd', backend: 'reference', clips: [] },
    own: { start: `${w},${b}` },
  });
  const hooks = c > 0 ? [clipByGlobalNorm(c)] : [];
  const optimizer = new SGD(model.parameters(), { lr, hooks });
  return {
    model,
    batches,
    loss,
    optimizer,
    steps,
    observe: () => ({ w: model.w.item(), b: model.b.item() }),
  };
}

export default defineSession({
  calls: {
    /** E₅₀ at the middle of every cell, row by row from the largest b down. */
    surface({ w, b, columns, rows }: Window): Float64Array {
      const cells = columns * rows;
      const at = ([min, max]: readonly [number, number], share: number): number => min + share * (max - min);
      const ws = Float64Array.from({ length: cells }, (_, k) => at(w, ((k % columns) + 0.5) / columns));
      const bs = Float64Array.from({ length: cells }, (_, k) =>
        at(b, 1 - (Math.floor(k / columns) + 0.5) / rows),
      );
      const place = { ...EXACT, shape: [cells] };
      return noGrad(() =>
        scope(() => Float64Array.from(cliffError(tensor(ws, place), tensor(bs, place)).value.data())),
      );
    },

    /** E₅₀ and its gradient at one point. */
    slope({ w, b }: { readonly w: number; readonly b: number }) {
      const { model, loss } = descent({ w, b, lr: 0.1, c: 0, steps: 1 });
      return scope(() => {
        const error = loss(null, 0);
        error.backward();
        return { error: error.item(), dw: model.w.grad!.item(), db: model.b.grad!.item() };
      });
    },

    /** A whole descent at once, or until the error is below `until`: where it ends, its longest step, how often it was clipped. */
    async descend(given: Descent & { readonly until?: number }) {
      const { model, batches, loss, optimizer, steps } = descent(given);
      let longest = 0;
      let clips = 0;
      let step = 0;
      for (const batch of batches) {
        if (step === steps) break;
        const [w, b] = [model.w.item(), model.b.item()];
        optimizer.zeroGrad();
        const error = scope(() => {
          const error = loss(batch, step);
          error.backward();
          return error.item();
        });
        if (error < (given.until ?? 0)) break;
        const { clipped } = await optimizer.step();
        longest = Math.max(longest, Math.hypot(model.w.item() - w, model.b.item() - b));
        if (clipped) clips++;
        step++;
      }
      const error = scope(() => loss(null, steps).item());
      return { w: model.w.item(), b: model.b.item(), error, longest, clips };
    },
  },
  runs: { descent },
});
