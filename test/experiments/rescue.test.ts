import { describe, expect, it } from 'vitest';
import { experiments } from '../../experiments/index.js';
import { redOf, redWith } from './planted.js';

type Clip = typeof import('../../src/clip/clip-by-global-norm.js');

const path = '../../src/clip/clip-by-global-norm.js';
const names = experiments.filter(({ group }) => group === 'rescue').map(({ name }) => name);

it('all hold', async () => {
  expect(names.length).toBeGreaterThanOrEqual(8);
  expect(await redOf(names)).toEqual([]);
});

describe('what is planted is seen', () => {
  it('a clip that only looks', async () => {
    const replace = ({ clipByGlobalNorm }: Clip): Partial<Clip> => ({
      clipByGlobalNorm: (_, options) =>
        clipByGlobalNorm(Number.POSITIVE_INFINITY, { ...options, nonFinite: 'propagate' }),
    });
    const trained = names.filter((name) => name !== 'optimization-improvement');
    const clipped = trained.filter((name) => name !== 'too-small');
    expect(await redWith(path, replace, trained)).toEqual(clipped);
  });

  it('a norm √2 too large', async () => {
    const replace = ({ clipByGlobalNorm }: Clip): Partial<Clip> => ({
      clipByGlobalNorm: (maxNorm, options) => clipByGlobalNorm((maxNorm as number) / Math.SQRT2, options),
    });
    expect(await redWith(path, replace, ['optimization-improvement'])).toEqual(['optimization-improvement']);
  });

  it('a clip that also scales what is below the threshold', async () => {
    const replace = ({ clipByGlobalNorm }: Clip): Partial<Clip> => ({
      clipByGlobalNorm: (maxNorm, options) => {
        const hook = clipByGlobalNorm(maxNorm, options);
        return {
          ...hook,
          async apply(gradients, step) {
            const report = await hook.apply(gradients, step);
            gradients.scale(0.999);
            return report;
          },
        };
      },
    });
    expect(await redWith(path, replace, ['too-small'])).toEqual(['too-small']);
  });

  it('a clip that turns the gradient around', async () => {
    const replace = ({ clipByGlobalNorm }: Clip): Partial<Clip> => ({
      clipByGlobalNorm: (maxNorm, options) => {
        const hook = clipByGlobalNorm(maxNorm, options);
        return {
          ...hook,
          async apply(gradients, step) {
            const report = await hook.apply(gradients, step);
            if (report && report.scale !== 1) gradients.scale(-0.1);
            return report;
          },
        };
      },
    });
    expect(await redWith(path, replace, ['points-downhill'])).toEqual(['points-downhill']);
  });

  it('a spike that harms nobody', async () => {
    type Gradients = typeof import('../../src/clip/gradients.js');
    const replace = ({ Gradients }: Gradients): Partial<Gradients> => ({
      Gradients: class extends Gradients {
        override scale(factor: number) {
          super.scale(Math.min(1, factor));
        }
      },
    });
    const spiked = ['one-enormous-step'];
    expect(await redWith('../../src/clip/gradients.js', replace, spiked)).toEqual(spiked);
  });
});
