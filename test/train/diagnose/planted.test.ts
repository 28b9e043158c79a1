/**
 * The acceptance test of `diagnose`: runs of models and tasks that it was not tuned on, each with a fault planted in it
 * or none. What it was tuned on stands beside it as `tuningRuns`, and is not run here.
 */

import { describe, expect, it } from 'vitest';
import { type Cause, diagnose, type LoggedStep } from '../../../src/index.js';
import { type Plant, type PlantedRun, plantedRun, plants } from '../planted-runs.js';
import { heldOutSettings, type Setting, tuningSettings } from '../planted-settings.js';

const RUNS = 20;

async function runsOf(settings: readonly Setting[], plant: Plant, seed: number): Promise<PlantedRun[]> {
  const runs: PlantedRun[] = [];
  for (let i = 0; i < RUNS; i++) runs.push(await plantedRun(settings[i % settings.length], plant, seed + i));
  return runs;
}

/** The runs that the constants of `diagnose` were chosen on: never a test of it. */
export const tuningRuns = (plant: Plant): Promise<PlantedRun[]> => runsOf(tuningSettings, plant, 1);

const heldOutRuns = (plant: Plant): Promise<PlantedRun[]> => runsOf(heldOutSettings, plant, 3001);

/** How often each cause was the headline. */
function headlines(
  runs: readonly PlantedRun[],
  seen: (step: LoggedStep) => LoggedStep,
): Partial<Record<Cause, number>> {
  const counts: Partial<Record<Cause, number>> = {};
  for (const { log } of runs) {
    const { cause } = diagnose(log.map(seen)).headline;
    counts[cause] = (counts[cause] ?? 0) + 1;
  }
  return counts;
}

describe.each(plants)('20 runs that were not seen before, planted: %s', (plant) => {
  const runs = heldOutRuns(plant);

  it('it is named in 18, and "can’t tell" is the answer to 3 at most', async () => {
    const counts = headlines(await runs, (step) => step);
    expect(counts[plant] ?? 0, JSON.stringify(counts)).toBeGreaterThanOrEqual(18);
    expect(counts.unknown ?? 0, JSON.stringify(counts)).toBeLessThanOrEqual(3);
  });

  it('it is named in 16 where the log has losses and norms alone', async () => {
    const counts = headlines(await runs, ({ step, loss, norm }) => ({ step, loss, norm }));
    expect(counts[plant] ?? 0, JSON.stringify(counts)).toBeGreaterThanOrEqual(16);
  });
});

it('a verdict that is sure of itself is right more often than one that is not', async () => {
  const right = { sure: 0, all: 0 };
  for (const plant of plants) {
    for (const { log } of await heldOutRuns(plant)) {
      const { cause, confidence } = diagnose(log).headline;
      if (confidence < 0.9) continue;
      right.all++;
      if (cause === plant) right.sure++;
    }
  }
  expect(right.all).toBeGreaterThan(50);
  expect(right.sure / right.all).toBeGreaterThan(0.9);
});
