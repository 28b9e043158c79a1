import type { Training } from '../../demos/demo.js';
import { type Diagnosis, diagnose, type LoggedStep, loggedStep } from '../../src/diagnose/index.js';
import { clipByGlobalNorm, dynamicLossScale, Random, SGD, toHalf, train } from '../../src/index.js';
import { atLeast } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { adding, spiral, temporalOrder } from '../training-tasks.js';

const STEPS = 120;
/** Batches of a data set: each comes back fifteen times. */
const BATCHES = 8;
/** Trainings with each fault. */
const RUNS = 5;
const ENOUGH = 18;
const THRESHOLD = 2;
/** How many times the loss of a spoilt batch counts, and how many times too high a rate is. */
const SPOILT = 40;
const TOO_HIGH = 150;

/** A task that trains well at a rate. */
interface Setting {
  readonly task: Training;
  readonly lr: number;
}

const healthy: readonly ((seed: number) => Setting)[] = [
  (seed) => ({ task: spiral(seed) as Training, lr: 0.3 }),
  (seed) => ({ task: adding(seed, { steps: 12, gain: 1, nonlinearity: 'tanh' }) as Training, lr: 0.05 }),
  (seed) => ({ task: temporalOrder(seed, { steps: 10 }) as Training, lr: 0.1 }),
];

/** Recurrent matrices that amplify. */
const steep: readonly ((seed: number) => Setting)[] = [
  (seed) => ({ task: temporalOrder(seed, { steps: 30, gain: 4 }) as Training, lr: 0.1 }),
  (seed) => ({ task: adding(seed, { steps: 40, gain: 1.2 }) as Training, lr: 0.01 }),
];

const faults = ['data', 'learning-rate', 'numerics', 'conditioning'] as const;
const answers = [...faults, 'healthy', 'other'] as const;

type Fault = (typeof faults)[number] | 'healthy';

/** Of a task, its first batches as a data set, in an order of its own each time. */
function* epochs(
  batches: Iterable<unknown>,
  random: Random,
): Generator<readonly [label: number, batch: unknown]> {
  const kept: [number, unknown][] = [];
  for (const batch of batches) {
    kept.push([kept.length, batch]);
    if (kept.length === BATCHES) break;
  }
  for (;;) yield* random.shuffle([...kept]);
}

/** Trains with a fault, and asks what was the matter. */
async function diagnosed(fault: Fault, seed: number, nth: number): Promise<Diagnosis> {
  const random = new Random(seed);
  const among = fault === 'conditioning' ? steep : healthy;
  const { task, lr } = among[nth % among.length](seed);
  const spoilt = random.integer(BATCHES);
  const isTooHigh = fault === 'learning-rate';
  const optimizer = new SGD(task.model.parameters(), {
    lr: isTooHigh ? TOO_HIGH * lr : lr,
    hooks: [clipByGlobalNorm(isTooHigh ? Number.POSITIVE_INFINITY : THRESHOLD, { nonFinite: 'skip' })],
    normDevice: 'simd',
    // A scale that grows too fast: half precision ends at 65,504.
    ...(fault === 'numerics'
      ? { lossScale: dynamicLossScale({ initial: 256, growth: 4, interval: 15 }) }
      : {}),
  });
  const log: LoggedStep[] = [];
  let label = 0;
  await train({
    model: task.model,
    batches: epochs(task.batches, random),
    optimizer,
    steps: STEPS,
    loss: (_, [each, batch], step) => {
      label = each;
      const loss = task.loss(batch, step);
      if (fault === 'numerics') return toHalf(loss);
      return fault === 'data' && label === spoilt ? loss.mul(SPOILT) : loss;
    },
    onStep: (record) => log.push(loggedStep(record, label)),
  });
  optimizer.release();
  return diagnose(log);
}

/** Four faults, each planted, each named. */
export const diagnosis: Experiment = {
  number: 40,
  name: 'diagnosis',
  group: 'plumbing',
  claim: '[for each symptom its] Actual fix',
  source: 'circuit breaker',
  setUp: `Three small networks, ${RUNS} trainings with each of four planted faults: one batch whose loss counts ${SPOILT} times, a rate ${TOO_HIGH} times too high, half precision that overflows, a recurrent matrix that amplifies; and ${RUNS} without. From the log alone, \`diagnose\` says what is the matter.`,
  criterion: `It names ${ENOUGH} or more of the ${RUNS * faults.length} faults, and calls 4 or more of the ${RUNS} sound trainings healthy (${ENOUGH} of 20 as proposed; the networks are none that it was tuned on).`,
  verdict: 'holds',
  explanation:
    'A clipper answers every large gradient in the same way, but large gradients have different causes, and each needs a different fix: correct the batch, lower the rate, find the operation that overflows, or start from smaller weights. This helps only if the causes can be told apart, and they can: a bad batch returns in every epoch, a high rate undoes what was learned, an overflow appears among ordinary numbers, and a badly scaled network is wrong before its first step. If a fault does a network no harm, nothing shows and nothing is named.',
  run: async (seed) => {
    const planted: readonly Fault[] = [...faults, 'healthy'];
    const counts = planted.map(() => answers.map(() => 0));
    for (const [row, fault] of planted.entries()) {
      for (let nth = 0; nth < RUNS; nth++) {
        const { cause } = (await diagnosed(fault, 100 * seed + nth, nth)).headline;
        const column = (answers as readonly string[]).indexOf(cause);
        counts[row][column < 0 ? answers.length - 1 : column]++;
      }
    }
    const named = faults.reduce((sum, _, i) => sum + counts[i][i], 0);
    const healthyRow = planted.length - 1;
    return {
      checks: [
        atLeast(`faults named, of ${RUNS * faults.length}`, named, ENOUGH),
        atLeast(`sound trainings called healthy, of ${RUNS}`, counts[healthyRow][healthyRow], 4),
      ],
      figure: {
        kind: 'heat',
        title: 'What was planted, and what was named',
        caption: `Trainings, ${RUNS} in each row; everything on the diagonal was named rightly.`,
        x: { label: 'named', range: [0, answers.length], categories: answers },
        y: { label: 'planted', range: [0, planted.length], categories: planted },
        z: { label: 'trainings', range: [0, RUNS], scale: 'linear' },
        columns: answers.length,
        rows: planted.length,
        values: counts.flat(),
        showValues: true,
        summary: `${named} of ${RUNS * faults.length} faults were named rightly (${faults.map((fault, i) => `${fault} ${counts[i][i]}`).join(', ')}), and ${counts[healthyRow][healthyRow]} of ${RUNS} sound trainings called healthy.`,
      },
    };
  },
};
