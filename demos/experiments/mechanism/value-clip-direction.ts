import {
  clipByGlobalNorm,
  clipByValue,
  type GradientHook,
  Parameter,
  SGD,
  tensor,
} from '../../../src/index.js';
import { below, near } from '../checks.js';
import type { Experiment } from '../experiment.js';

const LIMIT = 3;

/** The gradient (4, 3) after a hook. */
async function clipped(hook: GradientHook): Promise<readonly [number, number]> {
  const exact = { dtype: 'float64', backend: 'reference' } as const;
  const parameter = new Parameter(tensor([0, 0], exact));
  parameter.grad = tensor([4, 3], exact);
  await new SGD([parameter], { lr: 1, hooks: [hook] }).step();
  const [x, y] = parameter.value.data();
  return [-x, -y];
}

/** Degrees between a vector and (4, 3). */
function turn([x, y]: readonly [number, number]): number {
  return (Math.abs(Math.atan2(4 * y - 3 * x, 4 * x + 3 * y)) * 180) / Math.PI;
}

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
    const byValue = await clipped(clipByValue(LIMIT));
    const byNorm = await clipped(clipByGlobalNorm(LIMIT));
    const arrow = (label: string, [x, y]: readonly [number, number]) => ({ label, x: [0, x], y: [0, y] });
    const circle = Array.from({ length: 61 }, (_, i) => (i / 60) * (Math.PI / 2));
    return {
      checks: [
        near('degrees turned by value', turn(byValue), 8.130102, 1e-6),
        below('degrees turned by norm', turn(byNorm), 1e-6),
      ],
      figure: {
        kind: 'lines',
        title: 'One gradient, clipped by value and by norm',
        caption:
          'The gradient (4, 3), and what is left of it inside the square |gᵢ| ≤ 3 and inside the circle ‖g‖ ≤ 3.',
        x: { label: 'first element', scale: 'linear' },
        y: { label: 'second element', scale: 'linear' },
        series: [
          arrow('gradient', [4, 3]),
          arrow('clipped by value', byValue),
          arrow('clipped by norm', byNorm),
          { label: 'value bound', x: [0, 3, 3], y: [3, 3, 0], reference: true },
          {
            label: 'norm bound',
            x: circle.map((a) => 3 * Math.cos(a)),
            y: circle.map((a) => 3 * Math.sin(a)),
            reference: true,
          },
        ],
      },
    };
  },
};
