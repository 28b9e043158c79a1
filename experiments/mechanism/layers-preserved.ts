import {
  clipByGlobalNorm,
  clipByTensorNorm,
  Linear,
  mseLoss,
  Random,
  Sequential,
  Tanh,
  tensor,
} from '../../src/index.js';
import { below } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { cosine, lengthOf, stepWith, turn, type Vector } from './clipped.js';

const WIDTH = 16;
const BATCH = 8;
/** What the first layer's weights start multiplied by: the gradients of the layers behind it shrink with them. */
const SHRINK = 0.05;

/** The gradients of three layers. */
function layerGradients(seed: number): readonly Vector[] {
  const random = new Random(seed);
  const exact = { dtype: 'float64', backend: 'reference' } as const;
  const layer = () => new Linear(WIDTH, WIDTH, { random, bias: false, ...exact });
  const model = new Sequential(layer(), new Tanh(), layer(), new Tanh(), layer());
  const first = model.layers[0] as Linear;
  first.weight.assign(first.weight.value.mul(SHRINK));
  const draw = () =>
    tensor(
      Array.from({ length: BATCH * WIDTH }, () => random.normal(0, 1)),
      { shape: [BATCH, WIDTH], ...exact },
    );
  mseLoss(model.forward(draw()), draw()).backward();
  return [0, 2, 4].map((i) => {
    const { weight } = model.layers[i] as Linear;
    return [...weight.grad!.data()];
  });
}

/** One factor for all, or one for each. */
export const layersPreserved: Experiment = {
  number: 15,
  name: 'layers-preserved',
  group: 'mechanism',
  claim: 'relative magnitudes across layers preserved',
  source: 'circuit breaker',
  setUp: `A tanh network of three layers of ${WIDTH} units whose first weights start ${1 / SHRINK} times too small, so that the layers' gradients differ; clipped by the global norm, and each layer by its own, to half the smallest layer's norm.`,
  criterion:
    'The cosine between all gradients before and after is 1 to 1e-12 by the global norm and below 0.99 layer by layer.',
  verdict: 'holds',
  explanation:
    "The global norm has one factor for all layers, so that a layer whose gradient was three times another's still has three times as much afterwards. Clipping each layer by its own norm brings all that exceed the threshold to the same length: the update then points somewhere else, with the small gradients counting for more.",
  run: async (seed) => {
    const given = layerGradients(seed);
    const norms = given.map(lengthOf);
    const threshold = Math.min(...norms) / 2;
    const together = (await stepWith([clipByGlobalNorm(threshold)], given)).gradients;
    const apart = (await stepWith([clipByTensorNorm(threshold)], given)).gradients;
    const style = { before: 0, global: 1, each: 2 };
    return {
      checks: [
        below('cosine layer by layer', cosine(given.flat(), apart.flat()), 0.99),
        below('1 − cosine by the global norm', turn(given.flat(), together.flat()), 1e-12),
      ],
      figure: {
        kind: 'bars',
        title: 'The gradient norm of each layer',
        caption: `Before clipping, and after, the threshold being ${threshold.toPrecision(3)}.`,
        x: { label: 'norm', scale: 'log' },
        bars: [
          ...norms.map((value, i) => ({ label: `layer ${i + 1}, before`, value, style: style.before })),
          ...together.map((g, i) => ({
            label: `layer ${i + 1}, global norm`,
            value: lengthOf(g),
            style: style.global,
          })),
          ...apart.map((g, i) => ({
            label: `layer ${i + 1}, its own norm`,
            value: lengthOf(g),
            style: style.each,
          })),
        ],
      },
    };
  },
};
