/** `tamegrad demo latch` in this lesson. */

import type { DemoInLab } from '../../core/demo-in-lab.js';
import { STEPS } from './steps.js';

/** The lesson's two runs are the demo's under `none` and under `norm:c`. */
export const latchInLab: DemoInLab = {
  demo: 'latch',
  lesson: 6,
  settingsOf({ own, lr, steps, seed, optimizer }, clip) {
    const rho = Number(own.rho);
    const c = clip === 'none' ? 1 : Number(/^norm:(.+)$/.exec(clip)?.[1]);
    const same = optimizer === 'sgd' && own.activation === 'tanh' && steps <= STEPS;
    const within = (value: number, min: number, max: number): boolean => value >= min && value <= max;
    const fits = same && within(c, 0.001, 1000) && within(rho, 0.5, 2) && within(lr, 0.001, 1) && seed <= 999;
    return fits ? { c, rho, lr, seed } : null;
  },
};
