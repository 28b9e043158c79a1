/** The latch, trained with and without clipping as `tamegrad demo latch` does it, and what an autopsy of it finds. */

import { type LatchBatch, startLatch } from '../../../demos/latch/model.js';
import { ClipMonitor, clipByGlobalNorm, detectAnomaly, SGD, scope, train } from '../../../src/index.js';
import { defineSession } from '../../core/session.js';
import { LAST, LEARNED, STEPS } from './steps.js';

/** A training: its seed, the recurrent matrix at the start, its rate and its threshold; 0 for no clipping. */
export interface Latch {
  readonly seed: number;
  readonly rho: number;
  readonly lr: number;
  readonly c: number;
}

function latch({ seed, rho, lr, c }: Latch) {
  const { model, batches, loss } = startLatch({
    ...{ seed, steps: STEPS, lr, optimizer: 'sgd', backend: 'simd', clips: [] },
    own: { rho, activation: 'tanh' },
  });
  // A run that explodes is to end as one, not with an error.
  const hooks = c > 0 ? [clipByGlobalNorm(c, { nonFinite: 'propagate' })] : [];
  const optimizer = new SGD(model.parameters(), { lr, hooks });
  return { model, batches, loss, optimizer, steps: STEPS };
}

/** The whole training; `batches` may be given, to go on with them afterwards. */
async function trained(run: ReturnType<typeof latch>, steps: number, batches: Iterable<LatchBatch>) {
  const { model, optimizer } = run;
  return train({ model, optimizer, batches, steps, loss: (_, batch, step) => run.loss(batch, step) });
}

/** Where a training ends: the mean of its last losses, its clip rate, the share of step length lost. */
async function outcome(settings: Latch, steps: number) {
  const run = latch(settings);
  const { records, divergence } = await trained(run, steps, run.batches);
  run.optimizer.release();
  const monitor = new ClipMonitor();
  for (const record of records) monitor.observe(record);
  const { clipRate, stepLengthLost } = monitor.summary();
  const last = records.slice(-LAST);
  const loss = last.reduce((sum, record) => sum + record.loss, 0) / last.length;
  return { diverged: divergence?.step ?? null, loss, clipRate, lost: stepLengthLost };
}

/** Of each threshold that was tried: nobody waits twice for the same. */
const tried = new Map<number, Promise<readonly Awaited<ReturnType<typeof outcome>>[]>>();

/** Each seed in turn, until one has not learned. */
async function onSeeds(c: number, seeds: readonly number[], steps: number) {
  const outcomes = [];
  for (const seed of seeds) {
    const found = await outcome({ seed, rho: 1.2, lr: 0.1, c }, steps);
    outcomes.push(found);
    if (found.diverged !== null || !(found.loss < LEARNED)) break;
  }
  return outcomes;
}

export default defineSession({
  calls: {
    /** A whole training of the widget's length at once. */
    outcome: (settings: Latch) => outcome(settings, STEPS),

    /** Seeds 1, 2 and 3 at ρ = 1.2 and a rate of 0.1, for 100 steps each, up to the first that has not learned. */
    threeSeeds({ c }: { readonly c: number }) {
      const found = tried.get(c) ?? onSeeds(c, [1, 2, 3], 100);
      tried.set(c, found);
      return found;
    },

    /**
     * Trains up to the step that was not finite, and computes that one with every number watched. Null where the
     * training ends well.
     */
    async autopsy(settings: Latch) {
      const first = latch(settings);
      const { records, divergence } = await trained(first, STEPS, first.batches);
      first.optimizer.release();
      if (!divergence) return null;
      const run = latch(settings);
      const batches = run.batches[Symbol.iterator]();
      // Without `return`: the batches are gone on with.
      await trained(run, divergence.step, { [Symbol.iterator]: () => ({ next: () => batches.next() }) });
      const batch: LatchBatch = batches.next().value;
      const words = complaintOf(() =>
        scope(() => detectAnomaly(() => run.loss(batch, divergence.step).backward())),
      );
      run.optimizer.release();
      const [, pass = '', op = '', rest = ''] = /the (\w+) of '(\w+)' made one: (.*)$/.exec(words) ?? [];
      const atStart = Object.entries(records[0].norms).reduce((a, b) => (b[1] > a[1] ? b : a))[0];
      const silent = Object.keys(records[0].norms).flatMap((name) => {
        const since = records.findLastIndex(({ norms }) => norms[name] > 0) + 1;
        return since < records.length ? [{ name, since }] : [];
      });
      return { ...divergence, pass, op, ...numbersIn(rest), atStart, silent };
    },
  },
  runs: { latch },
});

/** What an error says; empty if there was none. */
function complaintOf(act: () => void): string {
  try {
    act();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

/** What came out, and between which bounds lay what went in: from the words of `detectAnomaly`. */
function numbersIn(words: string): { readonly made: string; readonly low: number; readonly high: number } {
  const [, made = ''] = / is (\S+) at /.exec(words) ?? [];
  const bounds = [...words.matchAll(/(-?[\d.]+(?:e[+-]?\d+)?) … (-?[\d.]+(?:e[+-]?\d+)?)/g)];
  const all = bounds.flatMap(([, low, high]) => [Number(low), Number(high)]);
  return { made, low: Math.min(...all), high: Math.max(...all) };
}
