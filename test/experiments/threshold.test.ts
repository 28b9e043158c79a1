import { describe, expect, it } from 'vitest';
import { experiments } from '../../experiments/index.js';
import { redOf, redWith } from './planted.js';

type Norm = typeof import('../../src/clip/clip-by-global-norm.js');
type Factor = typeof import('../../src/clip/threshold.js');
type Monitor = typeof import('../../src/clip/monitor.js');

const FACTOR = '../../src/clip/threshold.js';
const NORM = '../../src/clip/clip-by-global-norm.js';

it('all hold', async () => {
  const names = experiments.filter(({ group }) => group === 'threshold').map(({ name }) => name);
  expect(names.length).toBe(9);
  expect(await redOf(names)).toEqual([]);
});

describe('what is planted is seen', { timeout: 20_000 }, () => {
  it('value clipping in the place of norm clipping', async () => {
    const { clipByValue } = await import('../../src/clip/clip-by-value.js');
    const names = ['step-length-lost', 'median-halves'];
    const replace = (): Partial<Norm> => ({ clipByGlobalNorm: (limit) => clipByValue(limit as number) });
    expect(await redWith(NORM, replace, names)).toEqual(names);
  });

  it('a norm √2 too large', async () => {
    const names = ['fixed-point-bias', 'step-length-lost', 'median-halves'];
    const replace = ({ clipFactor }: Factor): Partial<Factor> => ({
      clipFactor: (norm, limit, eps) => clipFactor(norm * Math.SQRT2, limit, eps),
    });
    expect(await redWith(FACTOR, replace, names)).toEqual(names);
  });

  it('clipping after the step, which is none for the step', async () => {
    const names = ['common-default', 'half-to-ten-times'];
    const replace = ({ clipByGlobalNorm }: Norm): Partial<Norm> => ({
      clipByGlobalNorm: () => clipByGlobalNorm(Number.POSITIVE_INFINITY),
    });
    expect(await redWith(NORM, replace, names)).toEqual(names);
  });

  it('short gradients brought to the threshold, too', async () => {
    const names = ['ninetieth-percentile', 'median-halves'];
    const replace = (): Partial<Norm> => ({
      clipByGlobalNorm: (limit) => ({
        name: 'planted',
        async apply(gradients) {
          gradients.scale((limit as number) / (await gradients.norm()));
          return {};
        },
      }),
    });
    expect(await redWith(NORM, replace, names)).toEqual(names);
  });

  it('a monitor that takes the norms after clipping for those before', async () => {
    const names = ['step-length-lost'];
    const replace = ({ ClipMonitor }: Monitor): Partial<Monitor> => ({
      ClipMonitor: class extends ClipMonitor {
        override observe(step: Parameters<InstanceType<Monitor['ClipMonitor']>['observe']>[0]) {
          return super.observe({ ...step, normBefore: step.normAfter });
        }
      },
    });
    expect(await redWith('../../src/clip/monitor.js', replace, names)).toEqual(names);
  });
});
