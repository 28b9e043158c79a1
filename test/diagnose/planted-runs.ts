/** Training runs with a fault planted in them, made by the library itself: what `diagnose` is judged on. */

import { type LoggedStep, loggedStep } from '../../src/diagnose/index.js';
import {
  Adagrad,
  Adam,
  AdamW,
  clipByGlobalNorm,
  type GradientHook,
  median,
  type Parameter,
  Random,
  RMSprop,
  type Schedule,
  SGD,
  train,
} from '../../src/index.js';
import { brokenArithmetic, corrupt, raised } from './planted-faults.js';
import { type Batch, heldOutSettings, type Setting, tuningSettings } from './planted-settings.js';

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

/** What a training is made of, but for its seed. */
interface Recipe {
  readonly setting: Setting;
  readonly plant: Plant;
  /** Index of the optimizer, and its rate. */
  readonly nth: number;
  readonly rate: Schedule;
}

/** One run: of a setting, with a fault or none, from a seed, whatever comes of it. The log has every column. */
export async function plantedRun(setting: Setting, plant: Plant, seed: number): Promise<PlantedRun> {
  const random = new Random(seed);
  const nth = random.integer(setting.optimizers.length);
  const works = setting.optimizers[nth][1];
  const isRaised = plant === 'learning-rate';
  const { rate, how } = isRaised
    ? raised(random, works, await tooHighRate(setting, nth), setting.steps)
    : { rate: () => works, how: '' };
  const run = await trained({ setting, plant, nth, rate }, random);
  return { setting: setting.name, plant, seed, how: run.how + how, log: run.log };
}

async function trained(
  { setting, plant, nth, rate }: Recipe,
  random: Random,
): Promise<Pick<PlantedRun, 'how' | 'log'>> {
  const { steps, optimizers, squashes = false } = setting;
  const problem = setting.problem(random, plant === 'conditioning');
  // Unclipped, a network does not outlive its first spoilt batch; that is no spike that comes back.
  const isClipped = plant === 'data' || random.uniform() < 0.6;
  const threshold = isClipped ? 2 * 4 ** random.uniform() : Number.POSITIVE_INFINITY;
  const hooks = [clipByGlobalNorm(threshold, { nonFinite: 'skip' })];
  const arithmetic = plant === 'numerics' ? brokenArithmetic(random, steps) : null;
  const spoilt = plant === 'data' ? corrupt(random, problem.batches, squashes) : null;
  const kind = optimizers[nth][0];
  const log: LoggedStep[] = [];
  let label = 0;
  await train({
    model: problem.model,
    optimizer: optimizerOf(kind, problem.model.parameters(), rate, hooks),
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
  return { how: `${kind}, clip ${threshold.toFixed(1)}, ${arithmetic?.how ?? spoilt?.how ?? ''}`, log };
}

/** Rates that are tried, as multiples of the one that works: half a decade apart. */
const LADDER = [10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000];
/** Seeds of the runs by which a rate is chosen, which no diagnosed run has, and how many of them it must undo. */
const CALIBRATION = Array.from({ length: 10 }, (_, i) => 9001 + i);
const UNDONE = 9;

const chosen = new Map<string, Promise<number>>();

/**
 * A rate that is too high for an optimizer of a setting: the lowest of the ladder that undoes nine in ten calibration runs.
 * What a model stands differs by decades, and a rate that it stands is no fault. Throws if it stands them all.
 */
export function tooHighRate(setting: Setting, nth: number): Promise<number> {
  const key = `${setting.name}, ${setting.optimizers[nth]}`;
  const rate = chosen.get(key) ?? lowestTooHigh(setting, nth);
  chosen.set(key, rate);
  return rate;
}

async function lowestTooHigh(setting: Setting, nth: number): Promise<number> {
  const [kind, works] = setting.optimizers[nth];
  for (const factor of LADDER) {
    if (await undoes(setting, nth, works * factor)) return works * factor;
  }
  throw new Error(`tooHighRate: ${setting.name} withstands every rate of ${kind}`);
}

/** Whether training at a rate ends no lower than it began, or beyond all numbers, in nearly all calibration runs. */
async function undoes(setting: Setting, nth: number, rate: number): Promise<boolean> {
  let withstood = 0;
  for (const seed of CALIBRATION) {
    const { log } = await trained({ setting, plant: 'healthy', nth, rate: () => rate }, new Random(seed));
    const losses = log.map(({ loss }) => loss!);
    const late = median(losses.slice(Math.floor(0.8 * losses.length)));
    const staysFinite = log.every(({ norm, loss }) => Number.isFinite(norm! + loss!));
    withstood += Number(staysFinite && late < losses[0]);
    if (withstood > CALIBRATION.length - UNDONE) return false;
  }
  return true;
}

/** As many runs of some settings in turn, each from its own seed. */
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
  return runsOf(heldOutSettings, plant, count, 7001);
}
