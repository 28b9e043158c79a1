/** Shapes as samples write them. */

import type { Shape } from '../../tensor/index.js';

/** `shape(2, 3)` is [2, 3]. */
export function shape(...lengths: number[]): Shape {
  return lengths;
}
