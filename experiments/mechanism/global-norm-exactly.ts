import { clipByGlobalNorm } from '../../src/index.js';
import { near } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { lengthOf, stepWith } from './clipped.js';

const GRADIENTS = [
  [3, 4],
  [6, 8],
];
const THRESHOLD = 5;

/** Two tensors, one norm. */
export const globalNormExactly: Experiment = {
  number: 11,
  name: 'global-norm-exactly',
  group: 'mechanism',
  claim: 'global norm to exactly 5.0',
  source: 'handbook',
  setUp:
    'Two parameters with the gradients (3, 4) and (6, 8), clipped together to norm 5: once as the formula says, once with the 1e-6 that PyTorch adds to the norm.',
  criterion:
    'The norm of both together falls from 11.1803 to 5, to twelve digits, and their ratio stays 1 : 2; with the 1e-6 it ends at 4.9999996.',
  verdict: 'holds',
  explanation:
    'The norm of a model is that of all its gradients strung together: √(5² + 10²) = 11.18. One factor, 5/11.18, shortens both, so that the one stays twice as long as the other. PyTorch divides by the norm plus 0.000001, to be safe from dividing by zero, and lands a hair short of the threshold.',
  run: async () => {
    const { gradients, report } = await stepWith([clipByGlobalNorm(THRESHOLD)], GRADIENTS);
    const withEps = await stepWith([clipByGlobalNorm(THRESHOLD, { eps: 1e-6 })], GRADIENTS);
    const [first, second] = gradients.map(lengthOf);
    return {
      checks: [
        near('norm after', lengthOf(gradients.flat()), THRESHOLD, 1e-12),
        near('norm before', report.normBefore, Math.sqrt(125), 1e-12),
        near('ratio of the two', first / second, 0.5, 1e-12),
        near(
          "what PyTorch's 1e-6 leaves missing",
          THRESHOLD - lengthOf(withEps.gradients.flat()),
          4.472e-7,
          1e-9,
        ),
      ],
      figure: {
        kind: 'bars',
        title: 'Two gradients and their norm, before and after',
        caption: 'Lengths; the two together are clipped to 5.',
        x: { label: 'norm', scale: 'linear' },
        bars: [
          { label: 'first, before', value: 5, style: 0 },
          { label: 'second, before', value: 10, style: 0 },
          { label: 'both, before', value: report.normBefore, style: 0 },
          { label: 'first, after', value: first, style: 1 },
          { label: 'second, after', value: second, style: 1 },
          { label: 'both, after', value: lengthOf(gradients.flat()), style: 1 },
        ],
      },
    };
  },
};
