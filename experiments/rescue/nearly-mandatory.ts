import type { Training } from '../../demos/demo.js';
import {
  clipByGlobalNorm,
  GRU,
  Linear,
  LSTM,
  Module,
  mseLoss,
  Random,
  RNN,
  type Tensor,
  type TrainResult,
  type Variable,
} from '../../src/index.js';
import { atLeast, exactly, near } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { adding, type Batch, trainTask } from '../training-tasks.js';
import { lateLoss } from './losses.js';

const NETWORKS = 5;
const STEPS = 40;
const LR = 0.1;
const UNITS = 12;
const THRESHOLD = 1;

const cells = { tanh: RNN, GRU, LSTM } as const;

class Summer extends Module {
  readonly cell: RNN | GRU | LSTM;
  readonly head: Linear;

  constructor(kind: keyof typeof cells, random: Random) {
    super();
    this.cell = new cells[kind](2, UNITS, { random });
    this.head = new Linear(UNITS, 1, { random });
  }

  forward(x: Tensor): Variable {
    return this.head.forward(this.cell.forward(x).last);
  }
}

/** The adding task with another cell, as the library initializes it. */
function withCell(kind: keyof typeof cells) {
  return (seed: number): Training<Batch> => {
    const model = new Summer(kind, new Random(seed));
    return { model, batches: adding(seed).batches, loss: ({ x, y }) => mseLoss(model.forward(x), y) };
  };
}

const kinds = [
  { label: 'ReLU RNN from 1.05·I', task: (seed: number) => adding(seed, { units: UNITS }) },
  { label: 'tanh RNN', task: withCell('tanh') },
  { label: 'GRU', task: withCell('GRU') },
  { label: 'LSTM', task: withCell('LSTM') },
];

/** The same networks without clipping and with it. */
async function compared(task: (seed: number) => Training<Batch>, seed: number) {
  const none: TrainResult[] = [];
  const clipped: TrainResult[] = [];
  for (let k = 0; k < NETWORKS; k++) {
    const own = NETWORKS * seed + k;
    none.push(await trainTask(task(own), { lr: LR, steps: STEPS }));
    clipped.push(await trainTask(task(own), { lr: LR, steps: STEPS, hooks: [clipByGlobalNorm(THRESHOLD)] }));
  }
  return { none, clipped };
}

function diverged(results: readonly TrainResult[]): number {
  return results.filter(({ divergence }) => divergence).length;
}

function meanLate(results: readonly TrainResult[]): number {
  return results.reduce((sum, result) => sum + lateLoss(result, STEPS / 2), 0) / results.length;
}

/** Which recurrent networks need it. */
export const nearlyMandatory: Experiment = {
  number: 22,
  name: 'nearly-mandatory',
  group: 'rescue',
  claim: 'nearly mandatory for RNN',
  source: 'handbook',
  setUp: `The adding task of 50 steps, ${NETWORKS} networks of ${UNITS} units of each kind, ${STEPS} steps at rate ${LR}, without clipping and with norm ${THRESHOLD}: a ReLU RNN whose recurrent matrix starts as 1.05·I, and a tanh RNN, a GRU and an LSTM as the library initializes them.`,
  criterion: `Without clipping at least 3 of ${NETWORKS} ReLU RNNs diverge (of two hundred pilot networks 95 % did), with it none; of the three others none does either way, and their mean loss over the second half is within 10 % of the clipped runs’.`,
  verdict: 'holds under conditions',
  condition:
    'the recurrent matrix must stretch. A plain RNN that starts above 1 diverges without clipping; one with the usual small weights, and the gated cells, train just the same without.',
  explanation:
    'The ReLU network multiplies its state and its gradient by 1.05 at each of fifty steps, and nothing holds them back: one step is enough to throw it out of the numbers. The usual small initial weights let a tanh RNN forget, and a GRU or LSTM passes its memory on through a gate between 0 and 1: nothing stretches, and clipping acts in the first few steps alone, while the output layer finds its mean. It becomes worth its price where training drives the recurrent weights up, and as insurance. None of these networks has learned to add in so few steps; what is judged here is survival.',
  run: async (seed) => {
    const found: Awaited<ReturnType<typeof compared>>[] = [];
    for (const { task } of kinds) found.push(await compared(task, seed));
    const [stretching, ...others] = found;
    const count = (of: (result: (typeof found)[number]) => number, results: typeof found) =>
      results.reduce((sum, result) => sum + of(result), 0);
    return {
      checks: [
        atLeast('ReLU RNNs that diverge unclipped', diverged(stretching.none), 3),
        exactly('the same, clipped', diverged(stretching.clipped), 0),
        exactly(
          'tanh RNNs, GRUs, LSTMs that diverge',
          count(({ none, clipped }) => diverged(none) + diverged(clipped), others),
          0,
        ),
        ...others.map(({ none, clipped }, k) =>
          near(
            `${kinds[k + 1].label}: loss unclipped over clipped`,
            meanLate(none) / meanLate(clipped),
            1,
            0.1,
          ),
        ),
      ],
      figure: {
        kind: 'bars',
        title: 'Networks that diverged',
        caption: `Of ${NETWORKS} of each kind.`,
        x: { label: 'networks', scale: 'linear' },
        bars: found.flatMap(({ none, clipped }, k) => [
          { label: `${kinds[k].label}, unclipped`, value: diverged(none), style: 0 },
          { label: `${kinds[k].label}, clipped`, value: diverged(clipped), style: 1 },
        ]),
      },
    };
  },
};
