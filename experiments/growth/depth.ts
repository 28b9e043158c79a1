import { Random } from '../../src/index.js';
import { below, near } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { firstPass, WIDTH } from './linear-stack.js';

const DEPTHS = [2, 4, 8, 16, 24, 32, 40];
const GAINS = [0.8, 1, 1.2];

/** Slope of the straight line that fits best. */
function slopeOf(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const sum = (of: (i: number) => number) => x.reduce((total, _, i) => total + of(i), 0);
  return sum((i) => (x[i] - mx) * (y[i] - my)) / sum((i) => (x[i] - mx) ** 2);
}

/** Every layer multiplies once more. */
export const depth: Experiment = {
  number: 4,
  name: 'depth',
  group: 'growth',
  claim: 'More layers mean more gradient multiplications',
  source: 'handbook',
  setUp: `Linear networks of ${DEPTHS.join(', ')} layers of ${WIDTH} units, their weights drawn at random with gains ${GAINS.join(', ')} (1 keeps lengths in the mean).`,
  criterion:
    'The logarithm of the first layer’s gradient norm grows with depth by ln 1.2 = 0.182 a layer to 10 % at gain 1.2, by ln 0.8 = −0.223 to 10 % at gain 0.8, and by less than 0.03 either way at gain 1 (twenty pilot seeds: 0.170 to 0.194, −0.234 to −0.216, and at most 0.016).',
  verdict: 'holds',
  explanation:
    'Each layer between the loss and a weight multiplies the gradient once, so depth is an exponent: forty layers that stretch by a fifth make 1.2⁴⁰, about 1,500. But depth alone neither explodes nor vanishes. What is raised to that power decides: at gain 0.8 the same depth leaves a ten-thousandth, and at gain 1 a network of forty layers has gradients like one of two.',
  run: (seed) => {
    const random = new Random(seed);
    const found = GAINS.map((gain) => DEPTHS.map((layers) => firstPass(random, layers, gain).gradient));
    const [shrinking, keeping, growing] = found.map((norms) => slopeOf(DEPTHS, norms.map(Math.log)));
    const [shrink, , grow] = GAINS.map(Math.log);
    return {
      checks: [
        near('growth of ln ‖g‖ a layer at gain 1.2', growing, grow, grow / 10),
        below('the same at gain 1, without its sign', Math.abs(keeping), 0.03),
        near('and at gain 0.8', shrinking, shrink, -shrink / 10),
      ],
      figure: {
        kind: 'lines',
        title: 'The first layer’s gradient in networks of different depth',
        caption:
          'Each point is a network of its own, before any update; the dashed lines are the gain to the power of the layers.',
        x: { label: 'layers', symbol: 'depth', whole: true },
        y: { label: 'gradient norm of the first layer', scale: 'log' },
        series: GAINS.flatMap((gain, k) => [
          { label: `gain ${gain}`, x: DEPTHS, y: found[k], style: k },
          {
            label: `${gain} to the layers`,
            x: DEPTHS,
            y: DEPTHS.map((layers) => found[k][0] * gain ** (layers - DEPTHS[0])),
            style: k,
            reference: true,
          },
        ]),
      },
    };
  },
};
