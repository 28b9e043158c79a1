import type { TrainResult } from '../../src/index.js';
import { atLeast, exactly } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { adding, trainTask } from '../training-tasks.js';

const STEPS = 100;
const BATCH = 10;
const LR = 0.01;
const NETWORKS = 3;
const LARGEST_FLOAT32 = 3.4028234663852886e38;

/** One network in one precision. */
function trained(seed: number, dtype: 'float32' | 'float64'): Promise<TrainResult> {
  const place = dtype === 'float64' ? ({ dtype, backend: 'reference' } as const) : {};
  return trainTask(adding(seed, { batch: BATCH, ...place }), { lr: LR, steps: STEPS });
}

function largestLoss({ records }: TrainResult): number {
  return Math.max(...records.map(({ loss }) => loss));
}

/** No recurrent gradient at the last step: every unit is dead. */
function isDead({ records }: TrainResult): boolean {
  return records[records.length - 1].norms['rnn.weightHh'] === 0;
}

/** What an explosion looks like depends on the numbers' range. */
export const nanLosses: Experiment = {
  number: 7,
  name: 'nan-losses',
  group: 'growth',
  claim: 'manifest as NaN losses',
  source: 'handbook',
  setUp: `${NETWORKS} ReLU RNNs of 12 units with recurrent matrix 1.05·I on the adding task of 50 steps, gradient descent at rate ${LR} without clipping for ${STEPS} steps, each in float32 and in float64.`,
  criterion: `In at least one of ${NETWORKS} networks the loss exceeds 3.4·10³⁸, the largest float32, and stays finite in float64; none of these stays finite in float32; and none has a living unit left at the end (of 180 pilot networks 169 exploded beyond 10⁶, 161 left float32 and 3 left float64).`,
  verdict: 'holds under conditions',
  condition:
    'the explosion must exceed the range of the numbers. In float32 it mostly does; in float64 the same runs explode to losses up to 10²⁰⁰ and nearly all stay finite.',
  explanation:
    'NaN is not the explosion, it is the end of the number format. Float32 ends at 3.4·10³⁸; a larger number becomes infinity, and infinity minus infinity is NaN. Float64 ends at 10³⁰⁸, and the same training goes on there with an absurd but finite loss: sooner or later an enormous step leaves every ReLU dead, no gradient reaches the recurrent weights any more, and only the bias of the output layer still creeps back. Some networks explode to 10²⁰ and show NaN in neither format. Whoever waits for NaN sees only the largest explosions; the gradient norm shows all of them.',
  run: async (seed) => {
    const seeds = Array.from({ length: NETWORKS }, (_, k) => NETWORKS * seed + k);
    const double: TrainResult[] = [];
    const single: TrainResult[] = [];
    for (const each of seeds) {
      double.push(await trained(each, 'float64'));
      single.push(await trained(each, 'float32'));
    }
    const beyond = double.filter((run) => !run.divergence && largestLoss(run) > LARGEST_FLOAT32);
    const survived = beyond.filter((run) => !single[double.indexOf(run)].divergence);
    const shown = Math.max(0, double.indexOf(beyond[0]));
    const curve = ({ records }: TrainResult) => ({
      x: records.map(({ step }) => step),
      y: records.map(({ loss }) => loss),
    });
    const { divergence } = single[shown];
    return {
      checks: [
        atLeast(`of ${NETWORKS}, beyond float32 and finite in float64`, beyond.length, 1),
        exactly('of these, finite in float32', survived.length, 0),
        exactly('of these, with a living unit at the end', beyond.filter((run) => !isDead(run)).length, 0),
      ],
      figure: {
        kind: 'lines',
        title: 'One explosion in two precisions',
        caption: 'Loss of one of the networks at each step.',
        x: { label: 'step', whole: true },
        y: { label: 'loss', scale: 'log' },
        series: [
          { label: 'float64', ...curve(double[shown]) },
          {
            label: 'float32',
            ...curve(single[shown]),
            ends: divergence ? `not finite at step ${divergence.step}` : undefined,
          },
        ],
        levels: [{ label: 'the largest float32', y: LARGEST_FLOAT32 }],
      },
    };
  },
};
