/** Names are fixed when the optimizer is made: nothing that is done to a model later renames what a hook or a checkpoint holds. */

import { describe, expect, it } from 'vitest';
import {
  adaGC,
  capNormGrowth,
  clipUnitwise,
  encodeCheckpoint,
  type GradientHook,
  Linear,
  Module,
  Random,
  restoreCheckpoint,
  SGD,
  tensor,
} from '../../src/index.js';

/** Two modules over one layer: a walk through either writes its own path into the parameters. */
class A extends Module {
  readonly encoder: Linear;
  constructor(layer: Linear) {
    super();
    this.encoder = layer;
  }
}
class B extends Module {
  readonly a: { readonly deep: Linear }[] = [];
  readonly shared: Linear;
  constructor(layer: Linear) {
    super();
    this.shared = layer;
  }
}

function setup(hook: GradientHook) {
  const layer = new Linear(1, 1, { random: new Random(1), bias: false });
  const [a, b] = [new A(layer), new B(layer)];
  const optimizer = new SGD(a.parameters(), { lr: 1e-6, hooks: [hook] });
  const step = async (grad: number) => {
    layer.weight.grad = tensor([[grad]]);
    return (await optimizer.step()).normAfter;
  };
  return { layer, a, b, optimizer, step };
}

describe('a read of another module renames nothing', () => {
  it.each([
    ['capNormGrowth', () => capNormGrowth(1.01), 1.01],
    ['adaGC', () => adaGC(1.05, { warmup: 1 }), 1.05],
  ] as const)('in the memory of %s', async (_, make, want) => {
    for (const read of [(b: B) => b.stateDict(), (b: B) => b.parameters(), (b: B) => b.namedParameters()]) {
      const { b, step, optimizer } = setup(make());
      await step(1);
      await step(1);
      read(b);
      expect(await step(1000)).toBeCloseTo(want, 5);
      expect(optimizer.names).toEqual(['encoder.weight']);
    }
  });

  it('in what a hook leaves out by name', async () => {
    const { b, step } = setup(clipUnitwise(1e-9, { exclude: (name) => name === 'encoder.weight' }));
    b.stateDict();
    expect(await step(1000)).toBe(1000);
  });

  it('in reports and errors', async () => {
    const { b, layer, optimizer } = setup(capNormGrowth());
    b.stateDict();
    expect(layer.weight.name).toBe('shared.weight');
    layer.weight.grad = tensor([[Number.NaN]]);
    await expect(optimizer.step()).rejects.toThrow('capNormGrowth: gradient of encoder.weight is not finite');
    layer.weight.grad = tensor([[2]]);
    expect((await optimizer.step()).norms).toEqual({ 'encoder.weight': 2 });
  });

  it('in a checkpoint: equal bytes before and after, and a fresh process takes it', async () => {
    const { a, b, step, optimizer } = setup(capNormGrowth());
    await step(1);
    const before = encodeCheckpoint({ model: a, optimizer }, { step: 1 });
    b.stateDict();
    const after = encodeCheckpoint({ model: a, optimizer }, { step: 1 });
    expect(Buffer.compare(Buffer.from(before), Buffer.from(after))).toBe(0);
    const fresh = setup(capNormGrowth());
    restoreCheckpoint(after, { model: fresh.a, optimizer: fresh.optimizer });
    expect(await fresh.step(1000)).toBeCloseTo(1.01, 5);
  });
});

it('groups added later have names beside those that are there', () => {
  const layers = [1, 2].map((seed) => new Linear(1, 1, { random: new Random(seed), bias: false }));
  const [a, b] = layers.map((layer) => new A(layer));
  const optimizer = new SGD(a.parameters(), { lr: 1 });
  optimizer.addGroup({ params: b.parameters() });
  expect(optimizer.names).toEqual(['encoder.weight', 'encoder.weight (parameter 1)']);
  new B(layers[0]).stateDict();
  expect(optimizer.names).toEqual(['encoder.weight', 'encoder.weight (parameter 1)']);
});

describe('options set for a group', () => {
  it('start from those the optimizer was made with', async () => {
    const layer = new Linear(1, 1, { random: new Random(1), bias: false });
    const optimizer = new SGD([{ params: [layer.weight], momentum: 0.5 }], {
      lr: 1,
      momentum: 0.9,
      weightDecay: 0.1,
    });
    expect(optimizer.groups[0].options).toMatchObject({ momentum: 0.5, weightDecay: 0.1 });
    optimizer.groups[0].options = { lr: 0.01 };
    expect(optimizer.groups[0].options).toMatchObject({ lr: 0.01, momentum: 0.9, weightDecay: 0.1 });
    const { options } = optimizer.groups[0];
    optimizer.groups[0].options = { ...options, momentum: 0.5 };
    expect(optimizer.groups[0].options).toMatchObject({ lr: 0.01, momentum: 0.5, weightDecay: 0.1 });
  });
});
