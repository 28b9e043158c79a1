import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  Adam,
  configureSimd,
  type GradientHook,
  Linear,
  mseLoss,
  Parameter,
  Random,
  Sequential,
  SGD,
  type StepContext,
  scope,
  Tanh,
  tensor,
  uniform,
} from '../../src/index.js';
import { simd } from '../../src/tensor/backends/simd.js';
import { parameterWith } from '../clip/support.js';

// Room for the blocks of some 600 of the models below, were they not freed.
configureSimd({ mebibytes: 4 });

// Without the compilers whose code comes late, and would be counted as what the models leave.
for (const flag of ['--expose-gc', '--no-opt', '--no-sparkplug']) setFlagsFromString(flag);
const collectGarbage = runInNewContext('gc') as () => void;

/** Lets everything come back that nobody holds any more. */
async function collectLost(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve));
  }
}

beforeEach(collectLost);

const random = new Random(1);
const inputs = uniform([8, 2], random, -1, 1);
const targets = uniform([8, 1], random, -1, 1);

function makeModel(seed = 1) {
  const random = new Random(seed);
  return new Sequential(new Linear(2, 16, { random }), new Tanh(), new Linear(16, 1, { random }));
}

type Model = ReturnType<typeof makeModel>;

function backward(model: Model): number {
  return scope(() => {
    const loss = mseLoss(model.forward(inputs), targets);
    loss.backward();
    return loss.item();
  });
}

async function steps(model: Model, optimizer: Adam | SGD, count: number): Promise<number> {
  let loss = 0;
  for (let step = 0; step < count; step++) {
    optimizer.zeroGrad();
    loss = backward(model);
    await optimizer.step();
  }
  return loss;
}

const valuesOf = (model: Model) => model.parameters().map(({ value }) => [...value.data()]);
const gradsOf = (model: Model) => model.parameters().map(({ grad }) => grad && [...grad.data()]);

/** The most floats that a block may have now. */
function largestBlock(): number {
  let [fits, low] = [0, 2 ** 20];
  for (; low >= 1; low /= 2) {
    try {
      simd.memory.freeBlock(simd.memory.allocateBlock('float32', fits + low));
      fits += low;
    } catch {}
  }
  return fits;
}

describe('an optimizer that is released', () => {
  it('leaves its parameters their numbers, in memory of their own, and gives its own back', async () => {
    const before = largestBlock();
    const model = makeModel();
    const optimizer = new Adam(model.parameters(), { lr: 0.1 });
    await steps(model, optimizer, 3);
    backward(model);
    expect(largestBlock()).toBeLessThan(before);
    const numbers = [valuesOf(model), gradsOf(model)];
    const loss = scope(() => mseLoss(model.forward(inputs), targets).item());
    optimizer.release();
    expect(largestBlock()).toBe(before);
    expect([valuesOf(model), gradsOf(model)]).toEqual(numbers);
    expect(model.parameters().map(({ place }) => place)).toEqual([null, null, null, null]);
    expect(scope(() => mseLoss(model.forward(inputs), targets).item())).toBe(loss);
    optimizer.release();
    optimizer.zeroGrad();
    expect(gradsOf(model)).toEqual([null, null, null, null]);
  });

  it('may be followed by another, which goes on as if nothing had happened', async () => {
    const [one, two] = [makeModel(), makeModel()];
    const whole = new SGD(one.parameters(), { lr: 0.1 });
    await steps(one, whole, 6);
    const first = new SGD(two.parameters(), { lr: 0.1 });
    await steps(two, first, 3);
    first.release();
    const second = new SGD(two.parameters(), { lr: 0.1 });
    await steps(two, second, 3);
    expect(valuesOf(two)).toEqual(valuesOf(one));
    whole.release();
    second.release();
  });

  it('takes no further step, and says so before anything changes', async () => {
    let context: StepContext | undefined;
    const hook: GradientHook = {
      name: 'spy',
      apply: (_, step) => {
        context = step;
        return {};
      },
    };
    const parameter = parameterWith([1, 2], { backend: 'simd' });
    const optimizer = new Adam([parameter], { hooks: [hook] });
    const stepping = optimizer.step();
    expect(() => optimizer.release()).toThrow(
      'Optimizer.release: the step before has not finished; await it',
    );
    await stepping;
    const state = optimizer.state();
    optimizer.release();
    const values = [...parameter.value.data()];
    const released = 'the optimizer was released; make a new one';
    await expect(optimizer.step()).rejects.toThrow(`Optimizer.step: ${released}`);
    await expect(optimizer.skipStep('why')).rejects.toThrow(released);
    expect(() => optimizer.state()).toThrow(`Optimizer.state: ${released}`);
    expect(() => optimizer.restore(state)).toThrow(`Optimizer.restore: ${released}`);
    expect(() => context!.optimizerState(parameter)).toThrow(released);
    const late = parameterWith([1]);
    expect(() => optimizer.addGroup({ params: [late] })).toThrow(`Optimizer.addGroup: ${released}`);
    expect([[...parameter.value.data()], optimizer.steps, late.place]).toEqual([values, 1, null]);
  });

  it.each(['reference', 'simd'])('leaves no tensor with numbers of others: %s', async (backend) => {
    const w = new Parameter(tensor([[1, 2]], { backend }), 'w');
    const optimizer = new SGD([w], { lr: 1 });
    w.grad = tensor([[3, 4]], { backend });
    const [value, turned, grad] = [w.value, w.value.T, w.grad!];
    const graph = w.square().sum();
    optimizer.release();
    const gone =
      'tensor was released when an optimizer gave its memory back; read the value of the parameter again';
    for (const old of [value, turned, grad]) expect(() => old.data()).toThrow(gone);
    expect(() => graph.backward()).toThrow(gone);
    expect([w.value.toArray(), w.grad!.toArray()]).toEqual([[[1, 2]], [[3, 4]]]);
    w.square().sum().backward();
    expect(w.grad!.toArray()).toEqual([[5, 8]]);
  });

  it('leaves a block that another uses; the last one frees it, whoever packed it', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const before = largestBlock();
      const [a, b] = [parameterWith([1, 2], { backend: 'simd' }), parameterWith([3], { backend: 'simd' })];
      const optimizers = [new Adam([a, b], { lr: 1 }), new SGD([b], { lr: 1, momentum: 0.5 })];
      const { block } = b.place!;
      for (const each of optimizers) await each.step();
      optimizers[order[0]].release();
      expect([a.place?.block, b.place?.block]).toEqual([block, block]);
      await optimizers[order[1]].step();
      optimizers[order[1]].release();
      expect([a.place, b.place]).toEqual([null, null]);
      expect(largestBlock()).toBe(before);
    }
  });

  it('or that never had room, holds no memory', async () => {
    const before = largestBlock();
    const sizes = [8, 300_000];
    const parameters = sizes.map((size) => parameterWith(null, { size, backend: 'simd' }));
    const make = () =>
      new SGD(
        parameters.map((parameter) => ({ params: [parameter] })),
        { lr: 1 },
      );
    for (let k = 0; k < 3; k++) make().release();
    const blocker = simd.memory.allocateBlock('float32', before - 300_000);
    const optimizer = make();
    for (const parameter of parameters) parameter.grad = parameter.value;
    const usedUp =
      /^simd: the 4 MiB of memory are used up; call release\(\) on optimizers that are done, or reserve more with configureSimd\(\{ mebibytes: 8 \}\)/;
    await expect(optimizer.step()).rejects.toThrow(usedUp);
    expect(() => optimizer.state()).toThrow(usedUp);
    expect(parameters.map(({ place }) => place)).toEqual([null, null]);
    optimizer.release();
    simd.memory.freeBlock(blocker);
    expect(largestBlock()).toBe(before);
  });
});

function used(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

it('2,000 models, one after another, need the memory of one', async () => {
  const before = largestBlock();
  const train = async (count: number) => {
    for (let seed = 0; seed < count; seed++) {
      const model = makeModel(seed);
      const optimizer = new Adam(model.parameters(), { lr: 0.1 });
      await steps(model, optimizer, 2);
      optimizer.release();
    }
  };
  await train(300);
  const early = used();
  await train(1700);
  // A model and its optimizer are some 15 kB.
  expect(used() - early).toBeLessThan(100_000);
  expect(largestBlock()).toBe(before);
});

describe('an optimizer that nobody holds any more', () => {
  it('gives its memory back by itself, with its model or without it', async () => {
    const before = largestBlock();
    const model = makeModel();
    await (async () => {
      await steps(model, new Adam(model.parameters(), { lr: 0.1 }), 1);
      for (let seed = 0; seed < 20; seed++) {
        const own = makeModel(seed);
        await steps(own, new Adam(own.parameters(), { lr: 0.1 }), 1);
      }
    })();
    expect(before - largestBlock()).toBeGreaterThan(2000);
    const numbers = valuesOf(model);
    await collectLost();
    // The model's parameters lie in their block for as long as there is a model; the moments are gone.
    const next = new Adam(model.parameters(), { lr: 0.1 });
    expect(valuesOf(model)).toEqual(numbers);
    next.release();
    expect(valuesOf(model)).toEqual(numbers);
    await collectLost();
    expect(before - largestBlock()).toBeLessThan(200);
  });

  it('leaves readable what somebody still holds: a tensor of a parameter keeps its block', async () => {
    const held = await (async () => {
      const model = makeModel(7);
      await steps(model, new Adam(model.parameters(), { lr: 0.1 }), 1);
      return model.parameters()[0].value;
    })();
    const numbers = [...held.data()];
    await collectLost();
    for (let seed = 0; seed < 20; seed++) {
      const other = makeModel(seed);
      await steps(other, new Adam(other.parameters(), { lr: 0.1 }), 1);
    }
    expect([...held.data()]).toEqual(numbers);
  });

  /** A model of whose blocks, values and gradients, the memory holds fewer than sixty. */
  function makeLarge(seed: number) {
    return new Linear(100, 100, { random: new Random(seed) });
  }
  const wide = uniform([2, 100], random, -1, 1);

  function backwardLarge(model: Linear): number {
    return scope(() => {
      const loss = mseLoss(model.forward(wide), wide);
      loss.backward();
      return loss.item();
    });
  }

  it('does not fill the memory, although its loop never waits: what has no room is packed at the first step', async () => {
    const before = largestBlock();
    const models: Linear[] = [];
    const optimizers: Adam[] = [];
    for (let seed = 0; seed < 60; seed++) {
      const model = makeLarge(seed);
      const optimizer = new Adam(model.parameters(), { lr: 0.1 });
      if (seed % 8 === 0) backwardLarge(model);
      // The first lies in a block, the last one must wait.
      if (seed === 0 || seed === 59) {
        models.push(model);
        optimizers.push(optimizer);
      }
    }
    expect(models.map((model) => model.weight.place === null)).toEqual([false, true]);
    const state = (optimizer: Adam) =>
      Object.values(optimizer.state().tensors).map((moments) => [...moments.data()]);
    for (const [k, model] of models.entries()) {
      backwardLarge(model);
      await optimizers[k].step();
    }
    expect(models.map((model) => model.weight.place === null)).toEqual([false, false]);
    const alone = makeLarge(59);
    const other = new Adam(alone.parameters(), { lr: 0.1 });
    backwardLarge(alone);
    await other.step();
    expect([...models[1].weight.value.data()]).toEqual([...alone.weight.value.data()]);
    expect(state(optimizers[1])).toEqual(state(other));
    for (const optimizer of [...optimizers, other]) optimizer.release();
    await collectLost();
    expect(before - largestBlock()).toBeLessThan(200);
  });

  it('does not fill the memory in a loop of first steps', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const model = makeLarge(seed);
      const optimizer = new Adam(model.parameters(), { lr: 0.1 });
      backwardLarge(model);
      await optimizer.step();
    }
  });

  it('does not fill the memory where one model has many, one after another', async () => {
    const model = makeLarge(1);
    for (let k = 0; k < 60; k++) {
      const optimizer = new Adam(model.parameters(), { lr: 0.1 });
      backwardLarge(model);
      await optimizer.step();
    }
  });

  it('is not freed a second time where it was released', async () => {
    const before = largestBlock();
    await (async () => {
      const model = makeModel();
      const optimizer = new Adam(model.parameters(), { lr: 0.1 });
      await steps(model, optimizer, 1);
      optimizer.release();
    })();
    const model = makeModel();
    const optimizer = new Adam(model.parameters(), { lr: 0.1 });
    await steps(model, optimizer, 1);
    const numbers = valuesOf(model);
    await collectLost();
    expect(valuesOf(model)).toEqual(numbers);
    optimizer.release();
    expect(largestBlock()).toBe(before);
  });
});
