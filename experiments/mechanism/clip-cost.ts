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
import { type CountingBackend, countingBackend } from '../counting.js';
import type { Experiment } from '../experiment.js';
import { adding } from '../training-tasks.js';

const WIDTHS = [64, 128, 256];
const TIME = 50;
const BATCH = 128;
const WIDE = 512;
const LIMIT = 0.05;

/** A network and data to count a step of. */
interface Counted {
  readonly model: Module;
  loss(): Variable;
}

/** An RNN that uses each of its weights for every time step of every sequence. */
function recurrent(units: number, seed: number, backend: string): Counted {
  const options = { units, steps: TIME, batch: BATCH, nonlinearity: 'tanh', backend } as const;
  const { model, batches, loss } = adding(seed, options);
  const [batch] = batches;
  return { model, loss: () => loss(batch, 0) };
}

/** A layer that uses each of its weights once: a single example, a single time. */
function single(seed: number, backend: string): Counted {
  const random = new Random(seed);
  const model = new Linear(WIDE, WIDE, { random, backend });
  const [x, y] = [normal([1, WIDE], random, 0, 1, { backend }), normal([1, WIDE], random, 0, 1, { backend })];
  return { model, loss: () => mseLoss(model.forward(x), y) };
}

/** Elements that clipping reads and writes, for each that all the rest of a step does. Every step of one model costs the same. */
async function costOf({ model, loss }: Counted, { traffic }: CountingBackend): Promise<number> {
  const parameters = model.parameters();
  const optimizer = new SGD(parameters, { lr: 1e-6, normDevice: 'simd' });
  const before = traffic();
  scope(() => loss().backward());
  const backward = traffic();
  await clipGradNorm(parameters, 1e-3, { normDevice: 'simd' });
  const clipped = traffic();
  await optimizer.step();
  const rest = backward - before + (traffic() - clipped);
  optimizer.release();
  return (clipped - backward) / rest;
}

/** What clipping costs, in elements read and written. */
export const clipCost: Experiment = {
  number: 19,
  name: 'clip-cost',
  group: 'mechanism',
  claim: 'adds negligible computational cost',
  source: 'glossary',
  setUp: `A step of an RNN of ${WIDTHS.join(', ')} units on ${BATCH} sequences of ${TIME} steps, and of one layer of ${WIDE} × ${WIDE} weights on a single example, each clipped by norm. A counting backend adds up the elements that kernels read and write.`,
  criterion: `Clipping touches fewer than ${100 * LIMIT} % of the elements that all the rest of the RNN's step touches, at every width, and more than that of the single layer's.`,
  verdict: 'holds under conditions',
  condition:
    'where each weight is used many times a step, by many examples or time steps; with one example and one time step it is no longer small.',
  explanation:
    'Clipping reads every gradient twice, to measure and to scale, and writes it once. The step itself uses every weight for each example and each time step, forwards and backwards: here 6400 times. So the larger the batch and the longer the sequence, the less clipping weighs. With a single example the step does hardly more with a weight than clipping does. Elements are counted, not times: a clock would judge what else the machine does.',
  run: async (seed) => {
    const counting = countingBackend();
    const costs: number[] = [];
    for (const units of WIDTHS) costs.push(await costOf(recurrent(units, seed, counting.name), counting));
    const alone = await costOf(single(seed, counting.name), counting);
    const names = WIDTHS.map((units) => `RNN of ${units} units, ${BATCH} × ${TIME}`);
    return {
      checks: [
        ...costs.map((cost, i) => below(`clipping over the rest of the step, ${names[i]}`, cost, LIMIT)),
        above(`the same, layer of ${WIDE} × ${WIDE}, one example`, alone, LIMIT),
      ],
      figure: {
        kind: 'bars',
        title: 'Elements that clipping reads and writes, for those of all else in a step',
        caption: 'Counted kernel by kernel: the same on every machine.',
        x: { label: 'clipping over the rest of the step', unit: '%', scale: 'linear' },
        bars: [
          ...costs.map((cost, i) => ({ label: names[i], value: 100 * cost, style: 0 })),
          { label: `layer of ${WIDE} × ${WIDE}, one example`, value: 100 * alone, style: 1 },
        ],
      },
    };
  },
};
