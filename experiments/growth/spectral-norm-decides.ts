import type { DemoConfig } from '../../demos/demo.js';
import { firstGradients, growthOf } from '../../demos/latch/model.js';
import { predictedNorm } from '../../demos/spectrum/law.js';
import { startSpectrum } from '../../demos/spectrum/model.js';
import { spectrum } from '../../demos/spectrum/spectrum.js';
import { defaultBackend } from '../../src/index.js';
import { above, below, exactly } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { trainTask } from '../training-tasks.js';

const RHOS = [0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4, 1.5];
const ACTIVATIONS = ['identity', 'relu'] as const;
/** Seen to be enough to diverge, or not to. */
const STEPS = 10;

function configOf(seed: number, rho: number, activation: string): DemoConfig {
  const { steps, lr } = spectrum.defaults;
  const own = { rho, activation, init: 'identity' };
  return { seed, steps, lr, optimizer: 'sgd', backend: defaultBackend().name, clips: ['none'], own };
}

function firstStep(seed: number, rho: number, activation: string) {
  const start = () => startSpectrum(configOf(seed, rho, activation));
  const { hidden, total } = firstGradients(start());
  return { total, predicted: predictedNorm(start(), rho, activation), growth: growthOf(hidden) };
}

async function diverges(seed: number, rho: number): Promise<boolean> {
  const { lr } = spectrum.defaults;
  const result = await trainTask(startSpectrum(configOf(seed, rho, 'relu')), { lr, steps: STEPS });
  return result.divergence !== null;
}

/** Above 1 it explodes, below 1 it does not, and by how much is known beforehand. */
export const spectralNormDecides: Experiment = {
  number: 49,
  name: 'spectral-norm-decides',
  group: 'growth',
  claim: 'the spectral norm decides',
  source: 'tamegrad',
  setUp: `The network of the demo \`spectrum\`, whose recurrent matrix starts as ρ times the identity, with linear and with ReLU units, for ρ from ${RHOS[0]} to ${RHOS[RHOS.length - 1]}; the ReLU network trained without clipping for ${STEPS} steps at ρ = 0.9 and at ρ = 1.1.`,
  criterion:
    'The norm of the first gradient is the one that ρ and the loss predict, with nothing fitted, to 1 % at every ρ, over more than four decades; a linear network’s ∂L/∂hₜ grows by ρ a step to 1e-5; the training diverges at 1.1 and not at 0.9.',
  verdict: 'holds',
  explanation:
    'From ρ times the identity no unit hears another, so what the network does to a gradient is a product of ρ as many times as it goes back. The whole first gradient can then be written down from ρ, the weights and the data, and the library’s own agrees over all its decades. That sharp is the law only where nothing bends it: with tanh, saturation takes the growth away again, and in a matrix with many different singular values the spectral norm is a bound and not the growth.',
  run: async (seed) => {
    const found = ACTIVATIONS.map((activation) => RHOS.map((rho) => firstStep(seed, rho, activation)));
    const off = found.flat().map(({ total, predicted }) => Math.abs(total / predicted - 1));
    const totals = found[1].map(({ total }) => total);
    const growth = found[0].flatMap(({ growth: { min, max } }, i) =>
      [min, max].map((each) => Math.abs(each / RHOS[i] - 1)),
    );
    return {
      checks: [
        below('first gradient off the law', Math.max(...off), 0.01),
        above('decades of it', Math.log10(Math.max(...totals) / Math.min(...totals)), 4),
        below('growth a step off ρ, linear', Math.max(...growth), 1e-5),
        exactly('diverged at ρ = 1.1', Number(await diverges(seed, 1.1)), 1),
        exactly('diverged at ρ = 0.9', Number(await diverges(seed, 0.9)), 0),
      ],
      figure: {
        kind: 'lines',
        title: 'The first gradient by ρ, measured and predicted',
        caption: 'Norm of the gradient of all parameters before any update; the dashed lines are the law.',
        x: { label: 'ρ', symbol: 'ρ' },
        y: { label: '‖g₀‖', scale: 'log' },
        series: ACTIVATIONS.flatMap((activation, k) => [
          { label: activation, x: RHOS, y: found[k].map(({ total }) => total), style: k, scattered: true },
          {
            label: `law, ${activation}`,
            x: RHOS,
            y: found[k].map(({ predicted }) => predicted),
            style: k,
            reference: true,
          },
        ]),
      },
    };
  },
};
