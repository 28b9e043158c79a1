/** The spectrum: one task and network, a ladder of spectral norms; ρ decides what explodes, and clipping what of it is rescued. */

import type { Demo, Setup } from '../demo.js';
import { HIDDEN, STEPS } from '../latch/model.js';
import { ladder } from './ladder.js';
import { startSpectrum } from './model.js';
import { LEARNED } from './outcome.js';
import { parseRungs, RUNGS_FORM, rungsOf } from './rungs.js';
import { trainingVerdict } from './words.js';

/** A dozen values around 1. */
const STANDARD = '0.7..1.5';

/** A ladder of ρ, each rung with and without clipping. */
export const spectrum: Demo = {
  name: 'spectrum',
  title: 'The spectrum: where gradients explode, and what clipping rescues',
  summary: 'a ladder of spectral norms: which explode, which clipping saves',
  lead: ({ own, lr }) =>
    `A vanilla RNN of ${HIDDEN} ${own.activation} units sees ±1 once, then ${STEPS - 1} steps of noise, and must say the sign at the end. Its recurrent matrix starts as ρ times ${own.init === 'identity' ? 'the identity' : 'an orthogonal matrix'}, for ${rungsOf(own.rho).length} values of ρ: a gradient is multiplied by ρ at each of the ${STEPS} steps on its way back. Everything else is the same on every rung: weights, data, plain steps at rate ${lr}.`,
  defaults: { steps: 500, lr: 0.007 },
  options: [
    {
      name: 'rho',
      value: 'values',
      description: 'spectral norms of the recurrent matrix at the start: 1, 0.9,1,1.1 or 0.7..1.5',
      default: parseRungs(STANDARD)!.join(),
      several: { parse: parseRungs, form: RUNGS_FORM, standard: STANDARD },
    },
    {
      name: 'init',
      value: 'name',
      description: 'what ρ multiplies',
      default: 'identity',
      choices: ['identity', 'orthogonal'],
    },
    {
      name: 'activation',
      value: 'name',
      description: 'what a unit applies to its sum',
      default: 'relu',
      choices: ['relu', 'identity', 'tanh'],
    },
  ],
  setUp: (config): Setup => ({
    start: () => startSpectrum(config),
    verdict: (outcomes) => trainingVerdict(config, outcomes),
    succeeded: ({ summary }) => summary.finalLoss < LEARNED,
  }),
  study: ladder,
};
