/** The demos, by name; the first is the default. A further demo adds its line here. */

import type { Demo } from './demo.js';
import { latch } from './latch.js';

/** Every demo, in the order in which `tamegrad list` shows them. */
export const demos: readonly Demo[] = [latch];
