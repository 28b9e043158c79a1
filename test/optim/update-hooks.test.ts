import { describe, expect, it } from 'vitest';
import { Adam, type Parameter, SGD, tensor, type UpdateHook } from '../../src/index.js';
import { parameterWith } from '../clip/support.js';

/** Scales the update of every parameter by its factor. */
function shorten(...factors: number[]): UpdateHook {
  return {
    name: 'shorten',
    stage: 'update',
    apply: async (updates) => {
      const [first] = updates.get(0).data();
      const [norm] = await updates.norms();
      updates.scaleEach(factors);
      return { first, norm };
    },
  };
}

function numbers({ value }: Parameter): number[] {
  return [...value.data()];
}

describe.each(['reference', 'simd'])('update hooks on %s', (backend) => {
  const given = (name: string, values: number[], grad: number[]): Parameter =>
    parameterWith(grad, { name, values, backend });

  it('see what the rule did, weight decay included, and shorten it parameter by parameter', async () => {
    const [a, b] = [given('a', [1, 2], [1, -1]), given('b', [4], [2])];
    const optimizer = new SGD([a, b], { lr: 0.5, weightDecay: 1, hooks: [shorten(0.5, 0)] });
    const { hooks, clipped } = await optimizer.step();
    expect([numbers(a), numbers(b)]).toEqual([[0.5, 1.75], [4]]);
    expect(hooks).toEqual([{ hook: 'shorten', clipped: true, values: { first: -1, norm: Math.sqrt(1.25) } }]);
    expect(clipped).toBe(false);
  });

  it('leave every bit where the factor is 1', async () => {
    const [a, b] = [given('a', [0.1, 3], [1e-9, 0.7]), given('a', [0.1, 3], [1e-9, 0.7])];
    await new Adam([a], { lr: 0.01, hooks: [shorten(1)] }).step();
    await new Adam([b], { lr: 0.01 }).step();
    expect(numbers(a)).toEqual(numbers(b));
  });

  it('run behind gradient hooks, and not on a step that is skipped', async () => {
    const a = given('a', [1], [1]);
    const skip = {
      name: 'never',
      apply: (gradients: { skip(reason: string): void }) => {
        gradients.skip('no');
        return {};
      },
    };
    const { hooks } = await new SGD([a], { lr: 1, hooks: [skip, shorten(0.5)] }).step();
    expect([hooks.map(({ hook }) => hook), numbers(a)]).toEqual([['never'], [1]]);
  });

  it('undo the update where one throws', async () => {
    const a = given('a', [1, 5], [1, 1]);
    const optimizer = new SGD([a], { lr: 1, hooks: [shorten(0.5), shorten(Number.NaN)] });
    await expect(optimizer.step()).rejects.toThrow(
      'Updates.scaleEach: needs 1 finite factors, one for each update, got [NaN]',
    );
    expect(numbers(a)).toEqual([1, 5]);
  });
});

describe('a learning rate that follows a schedule', () => {
  it('is the rate of each update, and stands still while steps are skipped', async () => {
    const [a, b] = [parameterWith([1], { values: [0] }), parameterWith([1], { values: [0] })];
    const groups = [{ params: [a] }, { params: [b], lr: 0.5 }];
    const optimizer = new SGD(groups, { lr: (step) => 2 ** -step });
    const rates: number[] = [];
    for (let step = 0; step < 3; step++) {
      rates.push((await optimizer.step({ loss: 1 })).lr, (await optimizer.skipStep('no data')).lr);
    }
    expect(rates).toEqual([1, 0.5, 0.5, 0.25, 0.25, 0.125]);
    expect([numbers(a), numbers(b)]).toEqual([[-1.75], [-1.5]]);
  });

  it('must be a finite number ≥ 0: thrown before anything changes', async () => {
    const a = parameterWith([1], { values: [0] });
    const optimizer = new Adam([a], { lr: (step) => (step === 0 ? 1 : Number.NaN) });
    await optimizer.step();
    a.grad = tensor([5], { backend: 'reference' });
    const before = numbers(a);
    await expect(optimizer.step()).rejects.toThrow(
      'Adam: lr of the schedule at step 1 must be a finite number ≥ 0, got NaN',
    );
    expect([numbers(a), optimizer.steps]).toEqual([before, 1]);
  });
});

it('hooks learn the loss and the groups', async () => {
  const [a, b] = [parameterWith([1]), parameterWith([1])];
  const seen: unknown[] = [];
  const look = {
    name: 'look',
    apply: (_: unknown, { loss, groups }: { loss: number | null; groups: unknown }) => {
      seen.push(loss, groups);
      return {};
    },
  };
  const optimizer = new SGD([{ params: [a] }, { params: [b] }], { lr: 1, hooks: [look] });
  await optimizer.step({ loss: 7 });
  await optimizer.step();
  expect(seen).toEqual([7, [[a], [b]], null, [[a], [b]]]);
});
