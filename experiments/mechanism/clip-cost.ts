import {
  clipGradNorm,
  Linear,
  type Module,
  mseLoss,
  normal,
  Random,
  SGD,
  scope,
  type Variable,
} from '../../src/index.js';
import { above, below } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { adding } from '../training-tasks.js';

const WIDTHS = [64, 128, 256];
const TIME = 50;
const BATCH = 128;
/** Wide, so that the clock can tell the times. */
const WIDE = 512;
const LIMIT = 0.05;

/** A network and data to time a step of. */
interface Timed {
  readonly model: Module;
  loss(): Variable;
}

/** An RNN that uses each of its weights for every time step of every sequence. */
function recurrent(units: number, seed: number): Timed {
  const { model, batches, loss } = adding(seed, { units, steps: TIME, batch: BATCH, nonlinearity: 'tanh' });
  const [batch] = batches;
  return { model, loss: () => loss(batch, 0) };
}

/** A layer that uses each of its weights once: a single example, a single time. */
function single(seed: number): Timed {
  const random = new Random(seed);
  const model = new Linear(WIDE, WIDE, { random });
  const [x, y] = [normal([1, WIDE], random), normal([1, WIDE], random)];
  return { model, loss: () => mseLoss(model.forward(x), y) };
}

/**
 * Time of clipping over the time of all the rest of a step: the least of many of each, measured in turn. Whatever else the
 * machine does makes some of them longer, and none shorter.
 */
async function costOf({ model, loss }: Timed, steps: number): Promise<number> {
  const parameters = model.parameters();
  const optimizer = new SGD(parameters, { lr: 1e-6, normDevice: 'simd' });
  let [clip, rest] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    const started = performance.now();
    scope(() => loss().backward());
    const clipping = performance.now();
    await clipGradNorm(parameters, 1e-3, { normDevice: 'simd' });
    const clipped = performance.now();
    await optimizer.step();
    clip = Math.min(clip, clipped - clipping);
    rest = Math.min(rest, performance.now() - clipped + (clipping - started));
  }
  optimizer.release();
  return clip / rest;
}

/** What clipping costs, in time. */
export const clipCost: Experiment = {
  number: 19,
  name: 'clip-cost',
  group: 'mechanism',
  claim: 'adds negligible computational cost',
  source: 'glossary',
  setUp: `Steps of an RNN of ${WIDTHS.join(', ')} units on ${BATCH} sequences of ${TIME} steps, and of one layer of ${WIDE} × ${WIDE} weights on a single example, each clipped by norm; the least of many times.`,
  criterion: `Clipping takes less than ${100 * LIMIT} % of the time of all the rest of the RNN's step at every width, and more than that of the single layer's (measured while it was written: 0.5 to 2 %, and 12 to 18 %).`,
  verdict: 'holds under conditions',
  condition:
    'where each weight is used many times a step, by many examples or time steps; with one example and one time step it is no longer small.',
  explanation:
    'Clipping touches every gradient twice, once to measure and once to scale. The step itself uses every weight for each example and each time step, forwards and backwards: here 6400 times. So the larger the batch and the longer the sequence, the less clipping weighs. With a single example the step does hardly more with a weight than clipping does, and clipping takes a tenth of it.',
  timed: true,
  run: async (seed) => {
    const costs: number[] = [];
    for (const units of WIDTHS) costs.push(await costOf(recurrent(units, seed), 3000 / units));
    const alone = await costOf(single(seed), 200);
    const names = WIDTHS.map((units) => `RNN of ${units} units, ${BATCH} × ${TIME}`);
    return {
      checks: [
        ...costs.map((cost, i) => below(`clipping over the rest of the step, ${names[i]}`, cost, LIMIT)),
        above(`the same, layer of ${WIDE} × ${WIDE}, one example`, alone, LIMIT),
      ],
      figure: {
        kind: 'bars',
        title: 'Time of clipping, for the time of all else in a step',
        caption: 'The least of many steps on one core of this machine.',
        x: { label: 'time of clipping over the rest of the step', unit: '%', scale: 'linear' },
        bars: [
          ...costs.map((cost, i) => ({ label: names[i], value: 100 * cost, style: 0 })),
          { label: `layer of ${WIDE} × ${WIDE}, one example`, value: 100 * alone, style: 1 },
        ],
      },
    };
  },
};
