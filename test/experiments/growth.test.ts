import { describe, expect, it } from 'vitest';
import { foldsAt } from '../../experiments/growth/folds.js';
import { experiments } from '../../experiments/index.js';
import type { Variable } from '../../src/index.js';
import { redOf, redWith } from './planted.js';

type Init = typeof import('../../src/nn/init.js');
type Descent = typeof import('../../src/optim/sgd.js');
type Cliff = typeof import('../../demos/cliff/model.js');

it('all hold', async () => {
  const names = experiments.filter(({ group }) => group === 'growth').map(({ name }) => name);
  expect(names.length).toBeGreaterThanOrEqual(8);
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
});
