/** Small trainings: measured without clipping, then gone on with, clipped at a percentile of what was measured. */

import type { Training } from '../../../demos/demo.js';
import { regression, spiral, trainTask } from '../../../experiments/training-tasks.js';
import { clipByGlobalNorm } from '../../../src/index.js';
import { defineSession } from '../../core/session.js';
import { effectOf, percentileOf, STEPS } from './norms.js';

/** A training, by name and seed. */
export interface Measured {
  readonly task: string;
  readonly seed: number;
}

interface Task {
  readonly lr: number;
  /** Steps before the first that is measured. */
  readonly before: number;
  start(seed: number): Training;
}

const tasks: Readonly<Record<string, Task>> = {
  line: { lr: 0.05, before: 100, start: (seed) => regression(seed) },
  outliers: { lr: 0.05, before: 100, start: (seed) => regression(seed, { outliers: 0.05 }) },
  spirals: { lr: 0.2, before: 0, start: (seed) => spiral(seed, { units: 16 }) },
};

/** What was measured, and the parameters after it. */
interface Start {
  readonly norms: Float64Array;
  readonly state: ReturnType<Training['model']['stateDict']>;
}

/** By task and seed: a threshold that moves measures nothing anew. */
const measured = new Map<string, Promise<Start>>();

function measure({ task, seed }: Measured): Promise<Start> {
  const key = `${task} ${seed}`;
  const found = measured.get(key) ?? measureAnew(taskOf(task), seed);
  measured.set(key, found);
  return found;
}

async function measureAnew({ lr, before, start }: Task, seed: number): Promise<Start> {
  const training = start(seed);
  await trainTask(training, { lr, steps: before });
  const { records } = await trainTask(training, { lr, steps: STEPS });
  const norms = Float64Array.from(records, ({ normBefore }) => normBefore);
  return { norms, state: training.model.stateDict() };
}

function taskOf(name: string): Task {
  const task = tasks[name];
  if (!task) throw new Error(`there is no task ${name}; there are ${Object.keys(tasks).join(', ')}`);
  return task;
}

/** The steps after those measured, clipped at c: the norms before clipping. */
async function clippedAfter({ task, seed }: Measured, c: number): Promise<Float64Array> {
  const { lr, before, start } = taskOf(task);
  const training = start(seed);
  training.model.loadStateDict((await measure({ task, seed })).state);
  const batches = training.batches[Symbol.iterator]();
  for (let drawn = 0; drawn < before + STEPS; drawn++) batches.next();
  const { records } = await trainTask(training, { lr, steps: STEPS, hooks: [clipByGlobalNorm(c)] });
  return Float64Array.from(records, ({ normBefore }) => normBefore);
}

export default defineSession({
  calls: {
    /** The norms of the measured steps, without clipping. */
    measure: async (given: Measured) => (await measure(given)).norms,

    /** The threshold at a percentile of the measured norms: what it does to those, and to the steps after them. */
    async choose({ percent, ...given }: Measured & { readonly percent: number }) {
      const { norms } = await measure(given);
      const c = percentileOf(norms, percent);
      const after = await clippedAfter(given, c);
      return { percent, c, inSample: effectOf(norms, c), after: effectOf(after, c), normsAfter: after };
    },
  },
});
