/** Training runs with a fault planted in them, made by the library itself: what `diagnose` is judged on. */

import {
  Adagrad,
  Adam,
  AdamW,
  clipByGlobalNorm,
  defineOp,
  type GradientHook,
  type LoggedStep,
  loggedStep,
  median,
  type Parameter,
  Random,
  RMSprop,
  relu,
  type Schedule,
  SGD,
  type Tensor,
  tensor,
  train,
  type Variable,
} from '../../src/index.js';
import {
  BATCHES,
  type Batch,
  heldOutSettings,
  type Problem,
  type Setting,
  tuningSettings,
} from './planted-settings.js';

/** What may be planted. */
export const plants = ['data', 'learning-rate', 'numerics', 'conditioning', 'healthy'] as const;
export type Plant = (typeof plants)[number];

/** A log and what is known of it. */
export interface PlantedRun {
  readonly setting: string;
  readonly plant: Plant;
  readonly seed: number;
  /** How it was planted. */
  readonly how: string;
  readonly log: readonly LoggedStep[];
}

/** The identity whose gradient passes through half precision at a loss scale: beyond 65504 it is infinite. */
const throughHalf = defineOp<readonly [Tensor], number>({
  name: 'throughHalf',
  forward: ([x]) => x.copy(),
  backward: (grad, { params: scale }) => [
    () => {
      const values = [...grad.data()].map((g) => (Math.abs(g * scale) > 65504 ? Math.sign(g) * Infinity : g));
      return tensor(values, { shape: grad.shape });
    },
  ],
  samples: [{ shapes: [[2]], params: 1 }],
});

const largest = (x: Tensor): number => Math.max(...Array.from(x.data(), Math.abs));

/** A fault in the arithmetic: a function that is put between prediction and loss. */
function brokenArithmetic(random: Random, steps: number, severity: number) {
  const onset = 20 + random.integer(steps - 60);
  const kind = random.integer(3);
  let factor = 0;
  if (kind === 0) {
    // Half precision under a loss scale that doubles too often.
    const every = 15 + random.integer(20);
    let last = 0;
    factor = 2 ** 16;
    const score = (problem: Problem, prediction: Variable, y: Batch['y'], step: number): Variable => {
      if (step - last >= every) [factor, last] = [factor * 2 ** 2 * severity, step];
      return problem.score(throughHalf(prediction, factor), y);
    };
    const backOff = (): void => {
      factor /= 4;
    };
    return { how: 'half-precision overflow', score, backOff };
  }
  if (kind === 1) {
    // A logarithm of a sum of exponentials without the maximum taken out.
    const score = (problem: Problem, prediction: Variable, y: Batch['y'], step: number): Variable => {
      if (step === onset) factor = 89 / largest(prediction.value);
      const naive = prediction.square().sqrt().mul(factor).exp().sum().log().mul(1e-6);
      return factor === 0 ? problem.score(prediction, y) : problem.score(prediction, y).add(naive);
    };
    return { how: 'overflow of exp', score, backOff: () => {} };
  }
  // Zero by zero, once no prediction exceeds a growing margin.
  const score = (problem: Problem, prediction: Variable, y: Batch['y'], step: number): Variable => {
    if (step < onset) return problem.score(prediction, y);
    factor = factor === 0 ? 0.5 * largest(prediction.value) : factor * 1.1;
    const excess = relu(prediction.sub(factor));
    return problem.score(prediction, y).add(excess.div(excess.square().sum().sqrt()).sum().mul(1e-3));
  };
  return { how: 'zero by zero', score, backOff: () => {} };
}

/** Batches some of which are spoilt: which ones, and how. */
interface Spoilt {
  readonly batches: readonly Batch[];
  readonly labels: ReadonlySet<number>;
  readonly how: string;
}

/** Spoils one or two of the batches: inputs, targets or weights of the examples in other units. */
function corrupt(random: Random, batches: readonly Batch[], severity: number): Spoilt {
  const labels = new Set([random.integer(BATCHES), random.integer(2) * random.integer(BATCHES)]);
  const factor = 20 * 5 ** random.uniform() * severity;
  const what = random.integer(3);
  const spoil = (batch: Batch): Batch => {
    const { x, y } = batch;
    const isNumber = !Array.isArray(y);
    if (what === 0) return { ...batch, weight: factor };
    if (what === 1 && isNumber) return { ...batch, y: y.mul(factor) };
    return { ...batch, x: x.mul(factor), y: isNumber ? y.mul(factor) : y.map((id) => (id === 0 ? 1 : 0)) };
  };
  const how = `${['weights', 'targets', 'units'][what]} of batches ${[...labels]} times ${factor.toFixed(0)}`;
  return { batches: batches.map((batch) => (labels.has(batch.label) ? spoil(batch) : batch)), labels, how };
}

/** Batches in epochs, each in an order of its own; without end. */
function* epochs(random: Random, batches: readonly Batch[]): Generator<Batch> {
  for (;;) yield* random.shuffle([...batches]);
}

function optimizerOf(
  kind: string,
  parameters: Iterable<Parameter>,
  lr: number | Schedule,
  hooks: readonly GradientHook[],
) {
  const options = { lr, hooks, normDevice: 'simd' } as const;
  if (kind === 'adam') return new Adam(parameters, options);
  if (kind === 'adamw') return new AdamW(parameters, options);
  if (kind === 'rmsprop') return new RMSprop(parameters, options);
  if (kind === 'adagrad') return new Adagrad(parameters, options);
  return new SGD(parameters, { ...options, momentum: kind === 'momentum' ? 0.9 : 0 });
}

/** How the rate of a run with too large a rate goes: from the start, or growing by the step. */
function tooLarge(
  random: Random,
  lr: number,
  steps: number,
  severity: number,
): { rate: Schedule; how: string } {
  const factor = 20 * 5 ** random.uniform() * severity;
  if (random.uniform() < 0.5) return { rate: () => lr * factor, how: `rate times ${factor.toFixed(0)}` };
  const last = 5 * factor;
  return { rate: (step) => lr * last ** (step / steps), how: `rate growing to ${last.toFixed(0)} times` };
}

/**
 * Whether a run shows what was planted: a rate under which the loss ends higher than it began, a number that is not
 * finite, batches whose gradients stand out. A model may withstand a fault; then there is nothing to be found.
 */
function shows(plant: Plant, { log, spoilt }: Attempt): boolean {
  const late = log.slice(Math.floor(0.8 * log.length));
  const allFinite = log.every(({ norm, loss }) => Number.isFinite(norm! + loss!));
  if (plant === 'numerics') return !allFinite;
  if (plant === 'learning-rate')
    return !allFinite || median(late.map(({ loss }) => loss!)) > 1.5 * log[0].loss!;
  if (plant !== 'data') return true;
  const normsOf = (isSpoilt: boolean): number[] =>
    log.filter(({ batch }) => spoilt.has(batch as number) === isSpoilt).map(({ norm }) => norm!);
  return median(normsOf(true)) > 5 * median(normsOf(false));
}

/** Seeds this far apart belong to one run: drawn again where a model withstands what is planted. */
const DRAWS = 100_000;

/** One run: of a setting, with a fault or none, from a seed. The log has every column. */
export async function plantedRun(setting: Setting, plant: Plant, seed: number): Promise<PlantedRun> {
  for (let draw = seed; draw < seed + 10 * DRAWS; draw += DRAWS) {
    for (let severity = 1; severity < 50; severity *= 3) {
      const run = await attempt(setting, plant, draw, severity);
      if (shows(plant, run)) return { setting: setting.name, plant, seed, how: run.how, log: run.log };
    }
  }
  throw new Error(`plantedRun: ${setting.name} withstands ${plant} from seed ${seed}`);
}

interface Attempt {
  readonly how: string;
  readonly log: readonly LoggedStep[];
  /** Labels of the batches that were spoilt. */
  readonly spoilt: ReadonlySet<number>;
}

async function attempt(setting: Setting, plant: Plant, seed: number, severity: number): Promise<Attempt> {
  const random = new Random(seed);
  const problem = setting.problem(random, plant === 'conditioning');
  const { steps, optimizers } = setting;
  const [kind, lr] = optimizers[random.integer(optimizers.length)];
  // Unclipped, a network does not outlive its first spoilt batch; that is no spike that comes back.
  const isClipped = plant === 'data' || random.uniform() < 0.6;
  const threshold = isClipped ? 2 * 4 ** random.uniform() : Number.POSITIVE_INFINITY;
  const hooks = [clipByGlobalNorm(threshold, { nonFinite: 'skip' })];
  const arithmetic = plant === 'numerics' ? brokenArithmetic(random, steps, severity) : null;
  const spoilt = plant === 'data' ? corrupt(random, problem.batches, severity) : null;
  const rate = plant === 'learning-rate' ? tooLarge(random, lr, steps, severity) : null;
  const optimizer = optimizerOf(kind, problem.model.parameters(), rate?.rate ?? lr, hooks);
  const log: LoggedStep[] = [];
  let label = 0;
  await train({
    model: problem.model,
    optimizer,
    steps,
    batches: epochs(random, spoilt?.batches ?? problem.batches),
    loss: (_, batch, step) => {
      label = batch.label;
      const prediction = problem.predict(batch.x);
      return arithmetic
        ? arithmetic.score(problem, prediction, batch.y, step)
        : problem.score(prediction, batch.y).mul(batch.weight ?? 1);
    },
    onStep: (record) => {
      log.push(loggedStep(record, label));
      if (!Number.isFinite(record.normBefore)) arithmetic?.backOff();
    },
  });
  const how = [kind, `clip ${threshold.toFixed(1)}`, arithmetic?.how ?? spoilt?.how ?? rate?.how ?? ''].join(
    ', ',
  );
  return { how, log, spoilt: spoilt?.labels ?? new Set() };
}

/** As many runs of some settings by turns, each from a seed of its own. */
async function runsOf(
  settings: readonly Setting[],
  plant: Plant,
  count: number,
  firstSeed: number,
): Promise<PlantedRun[]> {
  const runs: PlantedRun[] = [];
  for (let i = 0; i < count; i++) {
    runs.push(await plantedRun(settings[i % settings.length], plant, firstSeed + i));
  }
  return runs;
}

/** Runs that the constants of `diagnose` were chosen on: to look at, never to test it by. */
export function tuningRuns(plant: Plant, count: number): Promise<PlantedRun[]> {
  return runsOf(tuningSettings, plant, count, 1);
}

/** Runs that it is tested by. Whoever changes `diagnose` because of one of these must draw new ones. */
export function heldOutRuns(plant: Plant, count: number): Promise<PlantedRun[]> {
  return runsOf(heldOutSettings, plant, count, 4001);
}
