/** A training of the ladder: the latch's network and data, and how its recurrent matrix moves. */

import { spectralNorm } from '../../src/index.js';
import type { DemoConfig } from '../demo.js';
import { type LatchModel, type LatchTraining, type Start, startLatch } from '../latch/model.js';

/**
 * Input weights this large make the sign that enters much larger than the noise, so that what ρ lets through is more
 * than the rate can take: with those of `latch`, one seed of three survives ρ = 1.05 by luck.
 */
const INPUT_BOUND = 2;

/** Every step at first, then every twentieth: a power iteration costs as much as a training step. */
const CLOSELY = 5;
const OFTEN = 20;

/** The rungs of a ladder train on the same batches; beyond so many steps those of a seed would fill the memory. */
const MOST_KEPT = 5000;

/**
 * A training from the weights and data of the seed, for the one ρ that is configured. Its traces are the steps at
 * which ‖W_hh‖₂ was measured, before their update, and what it was; null where the matrix is no longer finite.
 */
export function startSpectrum(config: DemoConfig): LatchTraining {
  const recurrent = config.own.init as Start['recurrent'];
  const training = startLatch(config, Number(config.own.rho), {
    recurrent,
    inputBound: INPUT_BOUND,
    keepBatches: config.steps <= MOST_KEPT,
  });
  const { model, loss } = training;
  const step: number[] = [];
  const spectralNorms: (number | null)[] = [];
  return {
    ...training,
    traces: { step, spectralNorms },
    loss(batch, at) {
      if (at < CLOSELY || at % OFTEN === 0) {
        step.push(at);
        spectralNorms.push(normOf(model));
      }
      return loss(batch, at);
    },
    measure: () => ({
      spectralNormFirst: spectralNorms[0] ?? null,
      spectralNormLast: normOf(model),
    }),
  };
}

function normOf({ rnn }: LatchModel): number | null {
  const weight = rnn.weightHh.value;
  return weight.data().every(Number.isFinite) ? spectralNorm(weight, { tolerance: 1e-6 }).norm : null;
}
