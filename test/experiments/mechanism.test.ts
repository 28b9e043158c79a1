import { describe, expect, it } from 'vitest';
import type { Parameter } from '../../src/index.js';
import { redOf, redWith } from './planted.js';

const all = [
  'identity-below',
  'direction-kept',
  'global-norm-exactly',
  'value-clip-direction',
  'value-clip-downhill',
  'toward-the-smaller',
  'layers-preserved',
  'value-limit-above-norm',
  'infinity-norm',
  'nan-guard',
  'step-bound',
];

const counted = ['clip-cost'];

type GlobalNorm = typeof import('../../src/clip/clip-by-global-norm.js');
type Value = typeof import('../../src/clip/clip-by-value.js');
type Functions = typeof import('../../src/clip/functions.js');

const path = (name: string) => `../../src/clip/${name}.js`;

describe('what clipping does to a gradient', () => {
  it('holds', async () => {
    expect(await redOf([...all, ...counted])).toEqual([]);
  });

  it('counts what clipping costs: red where it touches nothing, or everything twenty times', async () => {
    const times = (n: number) => () => ({
      clipGradNorm: async (parameters: Iterable<Parameter>) => {
        const all = [...parameters];
        for (let i = 0; i < n; i++) for (const { grad, value } of all) value.copy().addInPlace(grad!);
        return 1;
      },
    });
    expect(await redWith<Functions>(path('functions'), times(0), counted)).toEqual(counted);
    expect(await redWith<Functions>(path('functions'), times(20), counted)).toEqual(counted);
  });

  it('turns red where clipping by norm cuts off element by element', async () => {
    const byValue = ({ clipByGlobalNorm }: GlobalNorm): Partial<GlobalNorm> => ({
      clipByGlobalNorm: (limit, options) => ({
        ...clipByGlobalNorm(limit, options),
        apply: (gradients) => {
          gradients.clamp(limit as number);
        },
      }),
    });
    const red = await redWith<GlobalNorm>(
      path('clip-by-global-norm'),
      byValue,
      all.filter((name) => name !== 'direction-kept' && name !== 'nan-guard'),
    );
    expect(red).toEqual([
      'global-norm-exactly',
      'value-clip-direction',
      'toward-the-smaller',
      'layers-preserved',
      'infinity-norm',
      'step-bound',
    ]);
  });

  it('turns red under a norm that is √2 too large', async () => {
    const red = await redWith<GlobalNorm>(
      path('clip-by-global-norm'),
      ({ clipByGlobalNorm }) => ({
        clipByGlobalNorm: (limit, options) => clipByGlobalNorm((limit as number) / Math.SQRT2, options),
      }),
      all,
    );
    expect(red).toEqual(['global-norm-exactly', 'infinity-norm']);
  });

  it('turns red where clipping multiplies in every step, threshold or not', async () => {
    const always = ({ clipByGlobalNorm }: GlobalNorm): Partial<GlobalNorm> => ({
      clipByGlobalNorm: (limit, options) => {
        const clip = clipByGlobalNorm(limit, options);
        return {
          ...clip,
          apply: (gradients, step) => {
            gradients.scale(1 - 2 ** -20);
            return clip.apply(gradients, step);
          },
        };
      },
    });
    expect(await redWith<GlobalNorm>(path('clip-by-global-norm'), always, all)).toContain('identity-below');
  });

  it('turns red where value clipping rescales instead, or reverses what is too large', async () => {
    const rescaling = ({ clipByValue }: Value): Partial<Value> => ({
      clipByValue: (limit) => ({
        ...clipByValue(limit),
        async apply(gradients) {
          const largest = await gradients.maxAbs();
          gradients.scale(Math.min(1, (limit as number) / largest));
          return { clippedElements: 1 };
        },
      }),
    });
    expect(
      await redWith<Value>(path('clip-by-value'), rescaling, [
        'value-clip-direction',
        'toward-the-smaller',
        'infinity-norm',
        'value-clip-downhill',
      ]),
    ).toEqual(['value-clip-direction', 'toward-the-smaller', 'infinity-norm', 'value-clip-downhill']);
  });

  it('turns red where the norm function hides NaN', async () => {
    const hiding = (original: Functions): Partial<Functions> => ({
      clipGradNorm: (parameters, maxNorm) =>
        original.clipGradNorm(parameters, maxNorm).then((norm) => {
          for (const parameter of parameters)
            parameter.grad = parameter
              .grad!.mul(0)
              .where(parameter.grad!.sub(parameter.grad!).binary('equal', 0), 0);
          return norm;
        }),
    });
    expect(await redWith<Functions>(path('functions'), hiding, ['nan-guard'])).toEqual(['nan-guard']);
  });
});
