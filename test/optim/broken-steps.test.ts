/** Numbers that must not enter an optimizer: losses that are not finite, and finite gradients whose squares are not. */

import { describe, expect, it } from 'vitest';
import {
  Adagrad,
  Adam,
  AdamW,
  clipByGlobalNorm,
  maximum,
  mul,
  type Optimizer,
  type OptimizerOptions,
  Parameter,
  RMSprop,
  SGD,
  skipNonFinite,
  tensor,
  variable,
  zClip,
} from '../../src/index.js';

const adaptive: readonly (readonly [string, (p: Parameter[]) => Optimizer<OptimizerOptions>])[] = [
  ['Adam', (p) => new Adam(p, { lr: 0.01 })],
  ['AMSGrad', (p) => new Adam(p, { lr: 0.01, amsgrad: true })],
  ['AdamW', (p) => new AdamW(p, { lr: 0.01 })],
  ['RMSprop', (p) => new RMSprop(p, { lr: 0.01 })],
  ['centered RMSprop', (p) => new RMSprop(p, { lr: 0.01, centered: true, momentum: 0.5 })],
  ['Adagrad', (p) => new Adagrad(p, { lr: 0.01 })],
];

describe.each(['simd', 'reference'])('a huge finite gradient on %s', (backend) => {
  it.each(adaptive)(
    'does not freeze a weight under %s: the step is skipped, and named',
    async (name, make) => {
      for (const huge of [1e22, -3e38, 1.85e19]) {
        const [w, b] = ['w', 'b'].map((each) => new Parameter(tensor([1, 1], { backend }), each));
        const optimizer = make([w, b]);
        const rule = name.includes('RMSprop') ? 'RMSprop' : name.startsWith('AMS') ? 'Adam' : name;
        [w.grad, b.grad] = [tensor([1, huge], { backend }), tensor([1, 1], { backend })];
        const { skipped, nonFinite } = await optimizer.step();
        expect([skipped, nonFinite]).toEqual([
          `gradient of w is too large: its square, which ${rule} remembers, would be infinite; clip it first, as clipByGlobalNorm(1) does`,
          [],
        ]);
        expect([optimizer.steps, optimizer.counts.skipped]).toEqual([0, 1]);
        for (let step = 0; step < 100; step++) {
          [w.grad, b.grad] = [tensor([1, 1], { backend }), tensor([1, 1], { backend })];
          await optimizer.step();
        }
        for (const parameter of [w, b]) {
          for (const x of parameter.value.data()) expect(1 - x).toBeGreaterThan(0.1);
        }
      }
    },
  );

  it.each(adaptive)('just below that is an ordinary step under %s, as often as it comes', async (_, make) => {
    const w = new Parameter(tensor([1], { backend }), 'w');
    const optimizer = make([w]);
    for (let step = 0; step < 20; step++) {
      w.grad = tensor([1.84e19], { backend });
      expect((await optimizer.step()).skipped).toBeNull();
    }
    const state = optimizer.state().tensors;
    for (const tensor of Object.values(state)) {
      for (const x of tensor.data()) expect(Number.isFinite(x)).toBe(true);
    }
    expect(w.value.item()).toBeLessThan(1);
  });

  it('is a step like any other behind a clipper, and under SGD', async () => {
    for (const optimizer of [
      new Adam([new Parameter(tensor([1], { backend }))], { hooks: [clipByGlobalNorm(1)] }),
      new SGD([new Parameter(tensor([1], { backend }))], { lr: 1e-22 }),
    ]) {
      optimizer.parameters[0].grad = tensor([1e22], { backend });
      expect((await optimizer.step()).skipped).toBeNull();
      expect(Number.isFinite(optimizer.parameters[0].value.item())).toBe(true);
    }
  });
});

describe('a float64 gradient is too large where its own square is infinite', () => {
  it.each(adaptive)('%s', async (_, make) => {
    const float64 = { dtype: 'float64', backend: 'reference' } as const;
    const w = new Parameter(tensor([1], float64), 'w');
    const optimizer = make([w]);
    w.grad = tensor([1e22], float64);
    expect((await optimizer.step()).skipped).toBeNull();
    w.grad = tensor([1e155], float64);
    expect((await optimizer.step()).skipped).toContain('gradient of w is too large');
  });
});

describe('a loss that is known not to be finite skips the step', () => {
  /** NaN in the loss, and a gradient of 0: nothing to see in the gradient. */
  const blind = () => {
    const p = new Parameter(tensor([1]), 'p');
    return { p, loss: () => maximum(mul(p, 0), tensor([Number.NaN])).sum() };
  };
  const giveZero = (p: Parameter) => {
    p.grad = tensor([5]);
  };

  it('that was told to step', async () => {
    for (const loss of [Number.NaN, Infinity, -Infinity]) {
      const { p } = blind();
      giveZero(p);
      const optimizer = new SGD([p], { lr: 1 });
      expect((await optimizer.step({ loss })).skipped).toBe(`the loss is ${loss}`);
      expect([p.value.item(), optimizer.steps, optimizer.counts.skipped]).toEqual([1, 0, 1]);
      expect((await optimizer.step({ loss: 1 })).skipped).toBeNull();
    }
  });

  it('that optimizer.backward was given, until the gradients are set to null', async () => {
    const { p, loss } = blind();
    const optimizer = new SGD([p], { lr: 1 });
    optimizer.backward(loss());
    expect((await optimizer.step()).skipped).toBe('the loss is NaN');
    optimizer.backward(loss());
    optimizer.zeroGrad();
    giveZero(p);
    expect((await optimizer.step()).skipped).toBeNull();
  });

  it('one of several micro-batches, and one under a loss scale', async () => {
    const p = new Parameter(tensor([1]), 'p');
    const optimizer = new SGD([p], { lr: 1, accumulate: 2 });
    optimizer.backward(mul(p, 2).sum());
    optimizer.backward(
      variable(tensor([Infinity]))
        .sum()
        .add(mul(p, 0).sum()),
    );
    expect((await optimizer.step()).skipped).toBe('the loss is Infinity');
    expect(p.value.item()).toBe(1);
  });

  it('by the policy of the hook that comes first: throw, skip with its count, or propagate to the end', async () => {
    const step = async (hooks: ConstructorParameters<typeof SGD>[1]['hooks']) => {
      const { p } = blind();
      giveZero(p);
      const optimizer = new SGD([p], { lr: 1, hooks });
      const report = await optimizer.step({ loss: Number.NaN });
      expect([p.value.item(), report.skipped]).toEqual([1, 'the loss is NaN']);
      return report.hooks;
    };
    await expect(step([clipByGlobalNorm(1)])).rejects.toThrow(
      'clipByGlobalNorm: the loss is NaN; fix its cause',
    );
    expect(await step([clipByGlobalNorm(1, { nonFinite: 'skip' })])).toEqual([
      { hook: 'clipByGlobalNorm', clipped: false, values: {} },
    ]);
    expect(await step([skipNonFinite()])).toEqual([
      { hook: 'skipNonFinite', clipped: false, values: { nonFiniteParameters: 0, inARow: 1 } },
    ]);
    expect((await step([clipByGlobalNorm(1, { nonFinite: 'propagate' })]))[0].values.norm).toBe(5);
  });

  it('and no memory keeps its norm', async () => {
    const { p } = blind();
    const hook = zClip(2.5, { warmup: 2, maxNorm: Infinity, nonFinite: 'propagate' });
    const optimizer = new SGD([p], { lr: 0, hooks: [hook] });
    giveZero(p);
    await optimizer.step();
    const before = JSON.stringify(hook.state!());
    p.grad = tensor([1e6]);
    await optimizer.step({ loss: Number.NaN });
    expect(JSON.stringify(hook.state!())).toBe(before);
  });
});
