/** `tamegrad demo cliff` in this lesson. */

import type { DemoInLab } from '../../core/demo-in-lab.js';

/** The lesson's descents are the demo's under `none` and under `norm:c`. */
export const cliffInLab: DemoInLab = {
  demo: 'cliff',
  lesson: 4,
  settingsOf({ own, lr, steps, optimizer }, clip) {
    const [w, b] = String(own.start).split(',').map(Number);
    const c = clip === 'none' ? 1 : Number(/^norm:(.+)$/.exec(clip)?.[1]);
    const fits = optimizer === 'sgd' && steps <= 2000 && c >= 0.01 && c <= 100 && lr >= 0.001 && lr <= 1;
    return fits ? { w, b, c, lr } : null;
  },
};
