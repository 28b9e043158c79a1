/** One step of clipped descent, and a threshold that does. */

import { defineExercise } from '../../core/exercise.js';
import type session from './session.js';

/** Below this the descent has arrived. */
const ENOUGH = 1e-4;

const LONG = [5, -2.3, 300, 400, 0.1, 1] as const;

export default defineExercise<typeof session>({
  starter: `/** One step of gradient descent, the gradient (dw, db) clipped to length c. */
export function descend(w: number, b: number, dw: number, db: number, lr: number, c: number): [number, number] {
  return [w - lr * dw, b - lr * db];
}

/** For the descent from (6, -2.8). */
export const threshold = 0;
`,
  reference: `export function descend(w: number, b: number, dw: number, db: number, lr: number, c: number): [number, number] {
  const norm = Math.hypot(dw, db);
  const scale = norm > c ? c / norm : 1;
  return [w - lr * scale * dw, b - lr * scale * db];
}

export const threshold = 1;
`,
  checks: [
    {
      name: 'a gradient of length 500 at threshold 1 gives a step of length lr',
      call: 'descend',
      given: LONG,
    },
    {
      name: 'a gradient below the threshold is taken as it is',
      call: 'descend',
      given: [5, -2.3, 0.3, 0.4, 0.1, 1],
    },
    {
      name: 'one exactly as long as the threshold, too',
      call: 'descend',
      given: [5, -2.3, 3, 4, 0.1, 5],
    },
    {
      name: 'a gradient of zero moves nothing',
      call: 'descend',
      given: [5, -2.3, 0, 0, 0.1, 1],
      hidden: true,
    },
    {
      name: 'it goes downhill in both parameters',
      call: 'descend',
      given: [1, 1, -30, 40, 0.5, 2],
      hidden: true,
    },
    {
      name: 'the threshold brings the descent from (6, −2.8) below an error of 0.0001',
      call: 'threshold',
      async judge(value, lab) {
        if (typeof value !== 'number' || !(value > 0)) return 'threshold must be a number above 0';
        const start = { w: 6, b: -2.8, lr: 0.1, steps: 2000 };
        const { error } = await lab.call('descend', { ...start, c: value, until: ENOUGH });
        return error < ENOUGH
          ? null
          : `with threshold ${value} the descent ends at an error of ${error.toPrecision(2)}`;
      },
    },
  ],
  mistakes: [
    {
      source: `export function descend(w, b, dw, db, lr, c) {
  const clip = (g) => Math.max(-c, Math.min(c, g));
  return [w - lr * clip(dw), b - lr * clip(db)];
}`,
      hint: 'You clip dw and db one by one. That turns the gradient towards a diagonal: the length of the two together decides, and both are scaled by the same factor.',
    },
    {
      source: `export function descend(w, b, dw, db, lr, c) {
  const norm = dw * dw + db * db;
  const scale = norm > c ? c / norm : 1;
  return [w - lr * scale * dw, b - lr * scale * db];
}`,
      hint: 'This compares the square of the length with c. The root is missing.',
    },
    {
      source: `export function descend(w, b, dw, db, lr, c) {
  const scale = c / Math.hypot(dw, db);
  return [w - lr * scale * dw, b - lr * scale * db];
}`,
      hint: 'This makes every gradient as long as c, short ones too. Below the threshold clipping must not change a bit.',
    },
    {
      source: `export function descend(w, b, dw, db, lr, c) {
  const norm = Math.hypot(dw, db);
  const scale = norm > c ? c / norm : 1;
  return [w + lr * scale * dw, b + lr * scale * db];
}`,
      hint: 'This climbs: descent subtracts the gradient.',
    },
    {
      source: `export function descend(w, b, dw, db, lr, c) {
  const norm = Math.hypot(lr * dw, lr * db);
  const scale = norm > c ? c / norm : 1;
  return [w - lr * scale * dw, b - lr * scale * db];
}`,
      hint: 'You compare the length of the step with c. The threshold is for the gradient, before the learning rate.',
    },
  ],
});
