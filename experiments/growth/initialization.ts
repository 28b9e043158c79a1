import { Random } from '../../src/index.js';
import { above, below } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { firstPass, WIDTH } from './linear-stack.js';

const DEPTH = 30;
const GAINS = [0.5, 1, 1.5];

/** An explosion that needs no training. */
export const initialization: Experiment = {
  number: 5,
  name: 'initialization',
  group: 'growth',
  claim: 'Improper initialization… explosive regimes from the first forward',
  source: 'handbook',
  setUp: `A linear network of ${DEPTH} layers of ${WIDTH} units, its weights drawn with gains ${GAINS.join(', ')}, and one forward pass before any update.`,
  criterion: `The activations after ${DEPTH} layers are more than 10⁴ times the input at gain 1.5, less than 10⁻⁶ times at gain 0.5, and within a factor of 3 of it at gain 1.`,
  verdict: 'holds',
  explanation: `The activations on the way forward are multiplied just as gradients are on the way back. Weights that are half again too large make 1.5³⁰, about 190,000, before the network has seen a second example; weights half as large as they should be leave nothing. Initial weights after Xavier or Kaiming are scaled to the middle. Clipping does not help here: it acts on gradients, and these activations are there before any gradient is.`,
  run: (seed) => {
    const random = new Random(seed);
    const found = GAINS.map((gain) => firstPass(random, DEPTH, gain).activations);
    const [small, kept, large] = found.map((norms) => norms[DEPTH] / norms[0]);
    const layers = found[0].map((_, k) => k);
    return {
      checks: [
        above('activations over input at gain 1.5', large, 1e4),
        below('the same at gain 0.5', small, 1e-6),
        below('factor by which gain 1 is off', Math.max(kept, 1 / kept), 3),
      ],
      figure: {
        kind: 'lines',
        title: 'Activations on their first way forward',
        caption: `Norm over the batch after each of ${DEPTH} layers; layer 0 is the input.`,
        x: { label: 'layer', whole: true },
        y: { label: 'norm of the activations', scale: 'log' },
        series: GAINS.map((gain, k) => ({ label: `gain ${gain}`, x: layers, y: found[k] })),
      },
    };
  },
};
