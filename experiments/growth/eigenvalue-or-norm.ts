import { spectralNorm, type Tensor, tensor } from '../../src/index.js';
import { above, below, exactly, near } from '../checks.js';
import type { Experiment } from '../experiment.js';

const POWERS = 100;

/** Neither the spectral radius nor the spectral norm tells what a hundred steps do. */
export const eigenvalueOrNorm: Experiment = {
  number: 2,
  name: 'eigenvalue-or-norm',
  group: 'growth',
  claim: 'largest eigenvalue… (or its spectral norm)',
  source: 'handbook',
  setUp:
    'The matrix W = [[0.9, 10], [0, 0.9]], whose eigenvalues are both 0.9 and whose spectral norm is 10.1, to the powers 1 … 100.',
  criterion:
    '‖Wᵏ‖ peaks at 38.75 for k = 9 and falls to 0.0295 for k = 100; both powers of one number miss it by orders of magnitude.',
  verdict: 'does not hold as written',
  explanation:
    'The two numbers are not interchangeable. The largest eigenvalue tells what happens in the long run, the spectral norm what can happen in one step. Where a matrix is not symmetric, they may lie far apart: this one stretches a gradient almost fortyfold before it lets it die away. The eigenvalue 0.9 promises decay from the start, the spectral norm of 10.1 promises 10¹⁰⁰. Only orthogonal and other normal matrices have both alike.',
  run: () => {
    const w = tensor(
      [
        [0.9, 10],
        [0, 0.9],
      ],
      { dtype: 'float64', backend: 'reference' },
    );
    const norms: number[] = [];
    let power: Tensor = w;
    for (let k = 1; k <= POWERS; k++) {
      norms.push(spectralNorm(power).norm);
      power = power.matmul(w);
    }
    const peak = norms.indexOf(Math.max(...norms));
    const sigma = norms[0];
    const k = norms.map((_, i) => i + 1);
    return {
      checks: [
        near('largest ‖Wᵏ‖', norms[peak], 38.75, 0.005),
        exactly('the k of the largest', peak + 1, 9),
        near('‖W¹⁰⁰‖', norms[POWERS - 1], 0.0295, 5e-5),
        above('spectral norm to the 100th over ‖W¹⁰⁰‖', sigma ** POWERS / norms[POWERS - 1], 1e100),
        below('0.9¹⁰⁰ over ‖W¹⁰⁰‖', 0.9 ** POWERS / norms[POWERS - 1], 1e-2),
      ],
      figure: {
        kind: 'lines',
        title: 'A matrix that shrinks everything, in the end',
        caption: 'Spectral norm of Wᵏ, and what its eigenvalue and its spectral norm alone would foretell.',
        x: { label: 'steps', symbol: 'k', whole: true },
        y: { label: 'largest stretch of a gradient', scale: 'log', max: 1e4 },
        series: [
          { label: '‖Wᵏ‖', x: k, y: norms },
          { label: 'eigenvalue: 0.9ᵏ', x: k, y: k.map((i) => 0.9 ** i), reference: true },
          { label: 'spectral norm: 10.1ᵏ', x: k, y: k.map((i) => sigma ** i), reference: true },
        ],
      },
    };
  },
};
