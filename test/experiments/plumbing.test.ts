import { describe, expect, it } from 'vitest';
import type * as Tasks from '../../experiments/training-tasks.js';
import type * as ToHalf from '../../src/autograd/ops/half.js';
import type * as ByNorm from '../../src/clip/clip-by-global-norm.js';
import { clipByValue } from '../../src/clip/clip-by-value.js';
import type * as Monitor from '../../src/clip/monitor.js';
import type * as NormClip from '../../src/clip/threshold.js';
import type * as Diagnose from '../../src/diagnose/diagnose.js';
import { addWeightDecay, type Variable } from '../../src/index.js';
import type * as Adamw from '../../src/optim/adamw.js';
import type * as LossScale from '../../src/optim/loss-scale.js';
import type * as Sgd from '../../src/optim/sgd.js';
import { redOf, redWith } from './planted.js';

const byNorm = '../../src/clip/clip-by-global-norm.js';
/** The quick ones. */
const exact = ['tenth-of-the-rate', 'after-the-reduce', 'unscaled-gradient', 'weight-decay'];
const trained = [
  'adam-after-a-spike',
  'norms-by-optimizer',
  'diagnosis',
  'large-batch',
  'low-rates',
  'clip-rate-alarm',
  'large-at-first',
];

describe('the experiments on optimizers and order', () => {
  it('hold', async () => {
    expect(await redOf([...exact, ...trained])).toEqual([]);
  });

  it('of a claim that cannot be tested say so, with no number', async () => {
    const { experimentOf } = await import('../../experiments/index.js');
    const { verdict, run } = experimentOf(48);
    expect([verdict, await run(1)]).toEqual(['not testable here', { checks: [] }]);
  });
});

describe('turn red', () => {
  it('under value clipping in the place of norm clipping', async () => {
    const plant = () => ({ clipByGlobalNorm: (limit: unknown) => clipByValue(limit as number) });
    expect(await redWith<typeof ByNorm>(byNorm, plant, exact)).toEqual(exact);
  });

  it('under a norm that is √2 too large', async () => {
    const plant = ({ clipFactor }: typeof NormClip) => ({
      clipFactor: (norm: number, threshold: number, eps?: number) =>
        clipFactor(norm * Math.SQRT2, threshold, eps),
    });
    const red = await redWith<typeof NormClip>('../../src/clip/threshold.js', plant, exact);
    expect(red).toEqual(['tenth-of-the-rate', 'after-the-reduce', 'weight-decay']);
  });

  it('under clipping that comes after the step, when it is too late', async () => {
    const plant = ({ clipByGlobalNorm }: typeof ByNorm) => ({
      clipByGlobalNorm: () => clipByGlobalNorm(Number.POSITIVE_INFINITY),
    });
    expect(await redWith<typeof ByNorm>(byNorm, plant, exact)).toEqual(exact);
  });

  it('under momentum where none is asked for', async () => {
    const plant = ({ SGD }: typeof Sgd) => ({
      SGD: class extends SGD {
        constructor(...[params, options]: ConstructorParameters<typeof SGD>) {
          super(params, { ...options, momentum: 0.5 });
        }
      },
    });
    const red = await redWith<typeof Sgd>('../../src/optim/sgd.js', plant, exact);
    expect(red).toEqual(['tenth-of-the-rate', 'weight-decay']);
  });

  it('under coupled decay where decoupled is asked for', async () => {
    const plant = ({ AdamW }: typeof Adamw) => ({
      AdamW: class extends AdamW {
        constructor(...[params, options]: ConstructorParameters<typeof AdamW>) {
          super(params, {
            ...options,
            weightDecay: 0,
            hooks: [...(options?.hooks ?? []), addWeightDecay(options?.weightDecay ?? 0.01)],
          });
        }
      },
    });
    const red = await redWith<typeof Adamw>('../../src/optim/adamw.js', plant, ['weight-decay']);
    expect(red).toEqual(['weight-decay']);
  });

  it('under a loss scale that is not taken out before clipping', async () => {
    const plant = ({ dynamicLossScale }: typeof LossScale) => ({
      dynamicLossScale: (options?: LossScale.LossScaleOptions) => {
        let asked = 0;
        const real = dynamicLossScale(options);
        // Asked for on the way back, and again to be divided by.
        return {
          ...real,
          name: real.name,
          get scale() {
            return asked++ % 2 === 0 ? real.scale : 1;
          },
        };
      },
    });
    const red = await redWith<typeof LossScale>('../../src/optim/loss-scale.js', plant, [
      'unscaled-gradient',
    ]);
    expect(red).toEqual(['unscaled-gradient']);
  });

  it('under half precision that does not round', async () => {
    const plant = () => ({ toHalf: ((x: Variable) => x.mul(1)) as typeof ToHalf.toHalf });
    const red = await redWith<typeof ToHalf>('../../src/autograd/ops/half.js', plant, ['unscaled-gradient']);
    expect(red).toEqual(['unscaled-gradient']);
  });

  it('under replicas that do not average', async () => {
    const plant = () => ({
      addUp: () => {},
      inProcess: (n: number) =>
        Array.from({ length: n }, () => ({ sum: async (_: unknown, share: unknown) => [share] })),
    });
    const red = await redWith('../../experiments/plumbing/in-process.js', plant as never, [
      'after-the-reduce',
    ]);
    expect(red).toEqual(['after-the-reduce']);
  });

  it('under a diagnosis that always says the same, and a monitor that never rings', async () => {
    const always = ({ diagnose }: typeof Diagnose) => ({
      diagnose: (...log: Parameters<typeof diagnose>) => {
        const found = diagnose(...log);
        return { ...found, headline: { ...found.headline, cause: 'data' as const } };
      },
    });
    const path = '../../src/diagnose/diagnose.js';
    expect(await redWith<typeof Diagnose>(path, always, ['diagnosis'])).toEqual(['diagnosis']);
    const deaf = ({ ClipMonitor }: typeof Monitor) => ({
      ClipMonitor: class extends ClipMonitor {
        override observe() {
          return null;
        }
      },
    });
    const monitor = '../../src/clip/monitor.js';
    expect(await redWith<typeof Monitor>(monitor, deaf, ['clip-rate-alarm'])).toEqual(['clip-rate-alarm']);
  });

  it('under data without outliers, and networks that do not amplify', async () => {
    const tame = ({ regression, adding }: typeof Tasks) => ({
      regression: (seed: number, options = {}) => regression(seed, { ...options, outliers: 0 }),
      adding: (seed: number, options = {}) => adding(seed, { ...options, gain: 0.5 }),
    });
    const path = '../../experiments/training-tasks.js';
    const names = ['large-batch', 'low-rates'];
    expect(await redWith<typeof Tasks>(path, tame, names)).toEqual(names);
  });
});
