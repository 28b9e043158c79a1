/** The shapes that tell one line from another without colour. */

import type { Marker } from '../../src/report/index.js';

const paths: Readonly<Record<Marker, string>> = {
  circle: 'M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z',
  square: 'M-3.6 -3.6H3.6V3.6H-3.6Z',
  triangle: 'M0 -4.6L4.4 3.4H-4.4Z',
  diamond: 'M0 -5L5 0L0 5L-5 0Z',
  star: 'M0 -5L1.4 -1.6L5 -1.6L2.2 .7L3.2 4.4L0 2.2L-3.2 4.4L-2.2 .7L-5 -1.6L-1.4 -1.6Z',
  cross: 'M-4.4 -2.4L-2.4 -4.4L0 -2L2.4 -4.4L4.4 -2.4L2 0L4.4 2.4L2.4 4.4L0 2L-2.4 4.4L-4.4 2.4L-2 0Z',
};

/** The outline of a marker around the origin, about 9 px wide. */
export function markerPath(marker: Marker): string {
  return paths[marker];
}
