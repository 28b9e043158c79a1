import { clipByGlobalNorm, clipByValue, Random } from '../../src/index.js';
import { above, below, near } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { clipped, degrees } from './clipped.js';

const LIMIT = 1;
const COUNT = 200;

/** The same bound on the largest element, reached in two ways. */
export const infinityNorm: Experiment = {
  number: 17,
  name: 'infinity-norm',
  group: 'mechanism',
  claim: 'norm_type… infinity norm',
  source: 'handbook',
  setUp: `${COUNT} random gradients of 8 elements, clipped so that the largest element is 1: by rescaling all (norm type ∞), and by cutting each off (by value).`,
  criterion:
    'Both end with a largest element of 1; rescaling turns no gradient by more than a millionth of a degree, cutting off turns every one by more than a degree.',
  verdict: 'holds',
  explanation:
    'The infinity norm of a gradient is its largest element. Clipping by it and clipping by value make the same promise, that no element exceeds the limit, and keep it differently: the one shortens the whole arrow until its largest element fits, the other cuts every element off by itself and bends the arrow.',
  run: async (seed) => {
    const random = new Random(seed);
    const turned = { rescaled: [] as number[], cut: [] as number[] };
    const largest = { rescaled: 0, cut: 0 };
    for (let i = 0; i < COUNT; i++) {
      const gradient = Array.from({ length: 8 }, () => random.normal(0, 5));
      const rescaled = await clipped(clipByGlobalNorm(LIMIT, { p: Number.POSITIVE_INFINITY }), gradient);
      const cut = await clipped(clipByValue(LIMIT), gradient);
      turned.rescaled.push(degrees(gradient, rescaled));
      turned.cut.push(degrees(gradient, cut));
      largest.rescaled = Math.max(largest.rescaled, ...rescaled.map(Math.abs));
      largest.cut = Math.max(largest.cut, ...cut.map(Math.abs));
    }
    const order = turned.cut.map((_, i) => i / COUNT);
    const sorted = (all: readonly number[]) => [...all].sort((a, b) => a - b);
    return {
      checks: [
        below('most degrees turned by rescaling', Math.max(...turned.rescaled), 1e-6),
        above('fewest degrees turned by value', Math.min(...turned.cut), 1),
        near('largest element, rescaled', largest.rescaled, LIMIT, 1e-12),
        near('largest element, by value', largest.cut, LIMIT, 1e-12),
      ],
      figure: {
        kind: 'lines',
        title: 'How far each of the gradients is turned',
        caption: 'Gradients sorted by how far they turn. Both ways bound the largest element by 1.',
        x: { label: 'share of the gradients', scale: 'linear' },
        y: { label: 'turn', unit: 'degrees', scale: 'linear' },
        series: [
          { label: 'by value', x: order, y: sorted(turned.cut) },
          { label: 'by the ∞-norm', x: order, y: sorted(turned.rescaled) },
        ],
      },
    };
  },
};
