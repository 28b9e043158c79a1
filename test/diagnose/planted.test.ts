/** The acceptance test of `diagnose`: runs of models, tasks and seeds that it was not tuned on, with a fault or without. */

import { describe, expect, it } from 'vitest';
import { type Cause, diagnose, type LoggedStep, readLog, type Verdict } from '../../src/diagnose/index.js';
import { heldOutRuns, type PlantedRun, plants } from './planted-runs.js';

const COUNT = 20;
/** Trainings take a while on a busy machine. */
const PATIENT = 180_000;

const drawn = plants.map((plant) => [plant, heldOutRuns(plant, COUNT)] as const);

/** The headlines of some runs, of each row of which something is seen. */
const headlines = (runs: readonly PlantedRun[], seen: (step: LoggedStep) => LoggedStep): readonly Verdict[] =>
  runs.map(({ log }) => diagnose(log.map(seen)).headline);

function countsOf(verdicts: readonly Verdict[]): Partial<Record<Cause, number>> {
  const counts: Partial<Record<Cause, number>> = {};
  for (const { cause } of verdicts) counts[cause] = (counts[cause] ?? 0) + 1;
  return counts;
}

describe.each(drawn)(
  '20 runs that were not seen before, planted: %s',
  { timeout: PATIENT },
  (plant, runs) => {
    it('it is named in 18, and "can’t tell" is the answer to 3 at most', async () => {
      const counts = countsOf(headlines(await runs, (step) => step));
      expect(counts[plant] ?? 0, JSON.stringify(counts)).toBeGreaterThanOrEqual(18);
      expect(counts.unknown ?? 0, JSON.stringify(counts)).toBeLessThanOrEqual(3);
    });

    it('it is named in 16 where the log has losses and norms alone, and then nothing is sure that needs batches', async () => {
      const verdicts = headlines(await runs, ({ step, loss, norm }) => ({ step, loss, norm }));
      const counts = countsOf(verdicts);
      expect(counts[plant] ?? 0, JSON.stringify(counts)).toBeGreaterThanOrEqual(16);
      const ofData = verdicts.filter(({ cause }) => cause === 'data' || cause === 'healthy');
      expect(ofData.every(({ confidence }) => confidence < 0.9)).toBe(true);
    });

    it('what is sure of itself is right nine times in ten', async () => {
      const sure = headlines(await runs, (step) => step).filter(({ confidence }) => confidence > 0.9);
      expect(sure.length).toBeGreaterThan(COUNT / 2);
      expect(sure.filter(({ cause }) => cause === plant).length / sure.length).toBeGreaterThanOrEqual(0.9);
    });
  },
);

describe('20 runs without a fault, as other logs have them', { timeout: PATIENT }, () => {
  const calm = heldOutRuns('healthy', COUNT);
  const faults: readonly Cause[] = ['data', 'learning-rate', 'numerics', 'conditioning'];
  const isCalm = ({ cause }: Verdict): boolean => !faults.includes(cause);

  it('loss only: no fault in 18, and hardly ever "can’t tell"', async () => {
    const verdicts = headlines(await calm, ({ step, loss }) => ({ step, loss }));
    expect(verdicts.filter(isCalm).length).toBeGreaterThanOrEqual(18);
    expect(verdicts.filter(({ cause }) => cause === 'unknown').length).toBeLessThanOrEqual(3);
  });

  it('reinforcement learning, whose loss rises as the rewards do: no fault in 18', async () => {
    const verdicts = (await calm).map(({ log }) => {
      const rising = log.map((step, i) => ({ ...step, loss: step.loss! * 1.02 ** i }));
      return diagnose(rising, { objective: 'reward' }).headline;
    });
    expect(verdicts.filter(isCalm).length).toBeGreaterThanOrEqual(18);
  });

  it('with rows of validation, and resumed at an earlier step: what is said is the same', async () => {
    for (const { log } of await calm) {
      const rows = log.map(({ step, loss, norm, lr, batch }) => ({
        split: 'train',
        step,
        loss,
        grad_norm: norm,
        lr,
        batch_id: batch,
      }));
      const others = { split: 'val', step: rows[40].step, loss: 100 };
      const resumed = [...rows.slice(0, 60), others, ...rows.slice(40)];
      const text = resumed.map((row) => `${JSON.stringify(row)}\n`).join('');
      const read = await readLog({ name: 'log', chunks: [new TextEncoder().encode(text)] });
      expect(read.runs).toMatchObject([{ rows: log.length, resumedAt: [40], repeated: 20 }]);
      const bare = log.map(({ step, loss, norm, lr, batch }) => ({ step, loss, norm, lr, batch }));
      expect(diagnose(read.runs[0].columns).headline).toEqual(diagnose(bare).headline);
    }
  });
});
