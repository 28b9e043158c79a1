/** The demos, by name; the first is the default. A further demo adds its line here. */

import { cliff } from './cliff/cliff.js';
import type { Demo } from './demo.js';
import { digits } from './digits/digits.js';
import { latch } from './latch/latch.js';
import { sonnets } from './sonnets/sonnets.js';
import { spectrum } from './spectrum/spectrum.js';

/** Every demo, in the order in which `tamegrad list` shows them. */
export const demos: readonly Demo[] = [spectrum, latch, digits, sonnets, cliff];
