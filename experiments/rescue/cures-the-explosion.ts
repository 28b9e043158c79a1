import type { DemoConfig } from '../../demos/demo.js';
import { startSpectrum } from '../../demos/spectrum/model.js';
import { LEARNED } from '../../demos/spectrum/outcome.js';
import { spectrum } from '../../demos/spectrum/spectrum.js';
import { clipByGlobalNorm, defaultBackend, summarize } from '../../src/index.js';
import { above, below, exactly } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { trainTask } from '../training-tasks.js';
import { smoothed } from './losses.js';

const { steps: STEPS, lr: LR } = spectrum.defaults;
const [BELOW, WITHIN, ABOVE] = [0.7, 1.05, 1.3];

async function trained(seed: number, rho: number, clips: boolean) {
  const own = { rho, activation: 'relu', init: 'identity' };
  const backend = defaultBackend().name;
  const config: DemoConfig = { seed, steps: STEPS, lr: LR, optimizer: 'sgd', backend, clips: [], own };
  const hooks = clips ? [clipByGlobalNorm(1)] : [];
  const result = await trainTask(startSpectrum(config), { lr: LR, steps: STEPS, hooks });
  return { result, final: summarize('', result).finalLoss };
}

/** A band with two edges. */
export const curesTheExplosion: Experiment = {
  number: 50,
  name: 'cures-the-explosion',
  group: 'rescue',
  claim: 'clipping cures the explosion',
  source: 'tamegrad',
  setUp: `The ReLU network of the demo \`spectrum\`, its recurrent matrix started at ρ times the identity, ${STEPS} steps clipped at norm 1 for ρ = ${BELOW}, ${WITHIN} and ${ABOVE}; for ρ = ${WITHIN} also without clipping.`,
  criterion: `At ρ = ${WITHIN} the unclipped run diverges and the clipped one ends at a loss below ${LEARNED}; at ρ = ${BELOW} the clipped run ends above 0.8, where guessing gives 1, and at ρ = ${ABOVE}, finite, above 10.`,
  verdict: 'holds under conditions',
  condition:
    'in a band of spectral norms around 1. Below it the gradient vanishes and there is nothing to clip; above it the run stays finite and is of no use.',
  explanation:
    'A clipped step is as short as the threshold says, so no single step can throw the network away, and in a band around ρ = 1 that is all it needed. Below the band the gradient that would teach it has vanished before any clip sees it. Above the band the error itself is a product of fifty factors of ρ: every clipped step is safe, and together they do not get to a network whose output is of the size of an answer. Clipping keeps you alive; that the gradient points anywhere useful is up to the spectral norm.',
  run: async (seed) => {
    const [low, within, high] = [
      await trained(seed, BELOW, true),
      await trained(seed, WITHIN, true),
      await trained(seed, ABOVE, true),
    ];
    const unclipped = await trained(seed, WITHIN, false);
    return {
      checks: [
        below(`loss at ρ = ${WITHIN}, clipped`, within.final, LEARNED),
        exactly('the same diverged without clipping', Number(unclipped.result.divergence !== null), 1),
        above(`loss at ρ = ${BELOW}, clipped`, low.final, 0.8),
        above(`loss at ρ = ${ABOVE}, clipped`, high.final, 10),
        exactly('and it stayed finite', Number(high.result.divergence === null), 1),
      ],
      figure: {
        kind: 'lines',
        title: 'Clipped below, within and above the band',
        caption: 'Loss of the clipped runs, means of 10 steps; the level is the loss of guessing.',
        x: { label: 'step', whole: true },
        y: { label: 'loss', scale: 'log' },
        series: [
          { label: `ρ = ${BELOW}`, ...smoothed(low.result, 10) },
          { label: `ρ = ${WITHIN}`, ...smoothed(within.result, 10) },
          { label: `ρ = ${ABOVE}`, ...smoothed(high.result, 10) },
        ],
        levels: [{ label: 'guessing', y: 1 }],
      },
    };
  },
};
