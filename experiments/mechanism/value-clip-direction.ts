import { clipByGlobalNorm, clipByValue } from '../../src/index.js';
import { below, near } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { clipped, degrees, type Vector } from './clipped.js';

const LIMIT = 3;
const GRADIENT = [4, 3];

/** A box has corners, a ball has none. */
export const valueClipDirection: Experiment = {
  number: 12,
  name: 'value-clip-direction',
  group: 'mechanism',
  claim: 'clip by value… changes the gradient direction',
  source: 'handbook',
  setUp: 'The gradient (4, 3), clipped by value and by norm, both at 3.',
  criterion: 'By value it turns by 8.130°, by norm by less than a millionth of a degree.',
  verdict: 'holds',
  explanation:
    'Clipping by value cuts each number off by itself: the 4 becomes 3, the 3 stays, and the arrow now points into the corner of a square. Clipping by norm shortens the whole arrow until its tip lies on a circle, and leaves its direction alone.',
  run: async () => {
    const byValue = await clipped(clipByValue(LIMIT), GRADIENT);
    const byNorm = await clipped(clipByGlobalNorm(LIMIT), GRADIENT);
    const arrow = (label: string, [x, y]: Vector) => ({ label, x: [0, x], y: [0, y] });
    const circle = Array.from({ length: 61 }, (_, i) => (i / 60) * (Math.PI / 2));
    return {
      checks: [
        near('degrees turned by value', degrees(GRADIENT, byValue), 8.130102, 1e-6),
        below('degrees turned by norm', degrees(GRADIENT, byNorm), 1e-6),
      ],
      figure: {
        kind: 'lines',
        title: 'One gradient, clipped by value and by norm',
        caption:
          'The gradient (4, 3), and what is left of it inside the square |gᵢ| ≤ 3 and inside the circle ‖g‖ ≤ 3.',
        x: { label: 'first element', scale: 'linear' },
        y: { label: 'second element', scale: 'linear' },
        series: [
          arrow('gradient', GRADIENT),
          arrow('clipped by value', byValue),
          arrow('clipped by norm', byNorm),
          { label: 'value bound', x: [0, LIMIT, LIMIT], y: [LIMIT, LIMIT, 0], reference: true },
          {
            label: 'norm bound',
            x: circle.map((a) => LIMIT * Math.cos(a)),
            y: circle.map((a) => LIMIT * Math.sin(a)),
            reference: true,
          },
        ],
        summary: `The gradient (4, 3) becomes (${byValue.join(', ')}) by value, which points elsewhere, and (${byNorm.map((x) => x.toFixed(2)).join(', ')}) by norm, which lies on the same line.`,
      },
    };
  },
};
