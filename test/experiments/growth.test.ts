import { describe, expect, it } from 'vitest';
import { foldsAt } from '../../experiments/growth/folds.js';
import { experiments } from '../../experiments/index.js';
import type { Variable } from '../../src/index.js';
import { redOf, redWith } from './planted.js';

type Creation = typeof import('../../src/tensor/create.js');
type Normed = typeof import('../../src/nn/layer-norm.js');
type Clip = typeof import('../../src/clip/clip-by-global-norm.js');
type Init = typeof import('../../src/nn/init.js');
type Descent = typeof import('../../src/optim/sgd.js');
type Cliff = typeof import('../../demos/cliff/model.js');

it('all hold', async () => {
  const names = experiments.filter(({ group }) => group === 'growth').map(({ name }) => name);
  expect(names.length).toBeGreaterThanOrEqual(10);
  expect(await redOf(names)).toEqual([]);
});

it.each([4.5, 5, 6, 7])('the folds at w = %d are where the slope w·σ′(x) is 1', (w) => {
  const folds = [1, -1].map((sign) => {
    const output = (1 + sign * Math.sqrt(1 - 4 / w)) / 2;
    return Math.log(output / (1 - output)) - w * output;
  });
  foldsAt(w).forEach((fold, i) => {
    expect(fold).toBeCloseTo(folds[i], 5);
  });
});

describe('what is planted is seen', () => {
  it('initial weights √2 too large', async () => {
    const names = ['depth', 'initialization', 'update-magnitude'];
    const replace = ({ xavierNormal }: Init): Partial<Init> => ({
      xavierNormal: (...args) => xavierNormal(...args).mul(Math.SQRT2),
    });
    expect(await redWith('../../src/nn/init.js', replace, names)).toEqual(['depth', 'initialization']);
  });

  it('an orthogonal matrix that stretches', async () => {
    const names = ['hundred-steps', 'eigenvalue-or-norm', 'tanh-rnn-inputs'];
    const replace = ({ orthogonal }: Init): Partial<Init> => ({
      orthogonal: (...args) => orthogonal(...args).mul(1.05),
    });
    expect(await redWith('../../src/nn/init.js', replace, names)).toEqual([
      'hundred-steps',
      'tanh-rnn-inputs',
    ]);
  });

  it('an optimizer that bounds gradients in secret', async () => {
    const names = ['update-magnitude', 'nan-losses'];
    const replace = ({ SGD }: Descent): Partial<Descent> => ({
      SGD: class extends SGD {
        override async step() {
          for (const { grad } of this.parameters) {
            const { data, offset } = grad!.view();
            for (let i = offset; i < offset + grad!.size; i++) {
              data[i] = Math.min(1, Math.max(-1, data[i]));
            }
          }
          return super.step();
        }
      },
    });
    expect(await redWith('../../src/optim/sgd.js', replace, names)).toEqual(names);
  });

  it('a unit that takes too few steps for a cliff', async () => {
    const replace = ({ TARGET, FIRST_OUTPUT }: Cliff): Partial<Cliff> => ({
      // By methods: what is imported here is another copy of the library than what the experiment loads anew.
      cliffError: (w, b) => (w as Variable).mul(FIRST_OUTPUT).add(b).sigmoid().sub(TARGET).square(),
    });
    expect(await redWith('../../demos/cliff/model.js', replace, ['cliff'])).toEqual(['cliff']);
  });

  it('an identity that stretches', async () => {
    const replace = ({ eye }: Creation): Partial<Creation> => ({
      eye: (...args) => eye(...args).mul(1.01),
    });
    const names = ['spectral-norm-decides'];
    expect(await redWith('../../src/tensor/create.js', replace, names)).toEqual(names);
  });

  it('a layer norm that passes all as it is', async () => {
    const replace = ({ LayerNorm }: Normed): Partial<Normed> => ({
      LayerNorm: class extends LayerNorm {
        override forward(x: Variable): Variable {
          return x;
        }
      } as typeof LayerNorm,
    });
    const names = ['residual-and-norm'];
    expect(await redWith('../../src/nn/layer-norm.js', replace, names)).toEqual(names);
  });

  it('a clip that lengthens what is short', async () => {
    const replace = ({ clipByGlobalNorm }: Clip): Partial<Clip> => ({
      clipByGlobalNorm: (maxNorm, options) => {
        const hook = clipByGlobalNorm(maxNorm, options);
        return {
          ...hook,
          async apply(gradients, step) {
            gradients.scale(1.001);
            return hook.apply(gradients, step);
          },
        };
      },
    });
    const names = ['residual-and-norm'];
    expect(await redWith('../../src/clip/clip-by-global-norm.js', replace, names)).toEqual(names);
  });
});
