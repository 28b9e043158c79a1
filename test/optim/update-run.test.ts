import { afterEach, describe, expect, it, vi } from 'vitest';
import { backendNamed } from '../../src/extend.js';
import {
  Adam,
  type GradientHook,
  type HookValues,
  type Optimizer,
  type OptimizerOptions,
  type Parameter,
  SGD,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { parameterWith } from '../clip/support.js';

const backends = ['reference', 'simd'] as const;

function valuesOf(parameter: Parameter): number[] {
  return [...parameter.value.data()];
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('an update that fails', () => {
  it('is not counted: the next one is corrected as the first', async () => {
    const make = () => parameterWith([1, 2], { backend: 'simd' });
    const [failed, calm] = [make(), make()];
    const [first, second] = [new Adam([failed], { lr: 0.1 }), new Adam([calm], { lr: 0.1 })];
    vi.spyOn(backendNamed('simd').fused, 'adam').mockImplementationOnce(() => {
      throw new Error('out of order');
    });
    await expect(first.step()).rejects.toThrow('out of order');
    expect([first.steps, valuesOf(failed)]).toEqual([0, [0, 0]]);
    for (let step = 0; step < 3; step++) {
      await first.step();
      await second.step();
    }
    expect(valuesOf(failed)).toEqual(valuesOf(calm));
  });

  it.each(backends)('for want of memory has changed nothing, in no group: %s', async (backend) => {
    const [a, b] = [parameterWith([1], { backend }), parameterWith([1], { backend })];
    const optimizer = new SGD([{ params: [a] }, { params: [b], momentum: 0.5 }], { lr: 1 });
    const allocate = vi.spyOn(backendNamed(backend).memory, 'allocateBlock').mockImplementation(() => {
      throw new Error('the memory is used up');
    });
    await expect(optimizer.step()).rejects.toThrow('the memory is used up');
    expect([valuesOf(a), valuesOf(b), a.version, optimizer.steps]).toEqual([[0], [0], 0, 0]);
    allocate.mockRestore();
    await optimizer.step();
    await optimizer.step();
    expect([valuesOf(a), valuesOf(b)]).toEqual([[-2], [-2.5]]);
  });
});

describe.each(backends)('padding in blocks on %s stays zero', (backend) => {
  const makers: Readonly<Record<string, (p: Parameter[]) => Optimizer<OptimizerOptions>>> = {
    'Adam with eps 0': (p) => new Adam(p, { lr: 0.1, eps: 0 }),
    'AMSGrad with eps 0 and weight decay': (p) => new Adam(p, { eps: 0, amsgrad: true, weightDecay: 0.1 }),
    'Adam with an eps that float32 rounds to 0': (p) => new Adam(p, { lr: 0.1, eps: 1e-60 }),
    'a learning rate beyond float32': (p) => new SGD(p, { lr: 1e39 }),
    'a weight decay beyond float32': (p) => new SGD(p, { lr: 0.1, weightDecay: 1e39, momentum: 0.9 }),
  };
  const sizes = [3, 4, 8, 1, 12, 5];

  it.each(Object.entries(makers))('%s', async (_, make) => {
    for (const missing of [-1, 0, 3]) {
      const parameters = sizes.map((size, t) =>
        parameterWith(t === missing ? null : new Array<number>(size).fill(t + 1), { size, backend }),
      );
      const optimizer = make(parameters);
      await optimizer.step();
      await optimizer.step();
      const { values, grads, parameters: all } = parameters[0].place!.block;
      for (const { place, value } of all) {
        const end = place!.offset + value.size;
        for (let i = end; i % 8 !== 0; i++) expect([values[i], grads[i]].map(Math.abs)).toEqual([0, 0]);
      }
    }
  });

  it('with eps 0, where gradients move as in PyTorch: by lr at first, NaN where they were always 0', async () => {
    const parameter = parameterWith([3, -1e-3, 0], { backend });
    await new Adam([parameter], { lr: 0.5, eps: 0 }).step();
    const [up, down, still] = valuesOf(parameter);
    expect([up, down, still]).toEqual([expect.closeTo(-0.5, 6), expect.closeTo(0.5, 6), Number.NaN]);
  });
});

describe('a step without a gradient', () => {
  it('is a forgotten backward(), and counts for nothing', async () => {
    const parameter = parameterWith(null, { size: 2 });
    const optimizer = new SGD([parameter], { lr: 1 });
    await expect(optimizer.step()).rejects.toThrow(
      'Optimizer.step: no parameter has a gradient; call backward() first',
    );
    expect([optimizer.steps, parameter.version]).toEqual([0, 0]);
    parameter.grad = tensor([1, 2], { backend: 'reference' });
    await optimizer.step();
    expect(valuesOf(parameter)).toEqual([-1, -2]);
  });

  it('may be skipped: nothing was to happen anyway', async () => {
    const optimizer = new SGD([parameterWith(null, { size: 2 })], { lr: 1 });
    expect(await optimizer.skipStep('no data')).toMatchObject({
      skipped: 'no data',
      normBefore: 0,
      norms: {},
    });
  });
});

describe('a hook that breaks its contract is named', () => {
  const fails = async (apply: GradientHook['apply'], message: string) => {
    const [a, b, c] = [
      parameterWith([1], { name: 'a' }),
      parameterWith([1], { name: 'b' }),
      parameterWith(null, { name: 'c', size: 1 }),
    ];
    const optimizer = new SGD([a, b, c], { lr: 1, hooks: [{ name: 'sloppy', apply }] });
    await expect(optimizer.step()).rejects.toThrow(message);
    expect([valuesOf(a), valuesOf(b), optimizer.steps]).toEqual([[0], [0], 0]);
  };
  it.each([
    [7, '7'],
    [[1], '[1]'],
    ['norm', "'norm'"],
    [null, 'null'],
  ])('where it returns something else (%o)', (made, got) =>
    fails(
      () => made as unknown as HookValues,
      `hook 'sloppy': must return numbers by name, { norm, … }, got ${got}`,
    ),
  );

  it.each([
    [{ norm: Promise.resolve(1) }, 'norm must be a number, got a Promise; is an await missing?'],
    [{ norm: 1, scale: '2' }, "scale must be a number, got '2'; is an await missing?"],
  ])('where it reports something that is not a number (%o)', (values, message) =>
    fails(() => values as unknown as HookValues, `hook 'sloppy': ${message}`),
  );

  it('where it writes a gradient past what measures it', () =>
    fails((_, { parameters }) => {
      parameters[1].grad = tensor([0], { backend: 'reference' });
    }, "Parameter.grad: the parameter 'b' belongs to SGD.step(), which has not finished; await it first (a hook changes gradients by the methods of Gradients)"));

  it('where it edits, and then writes', () =>
    fails((gradients, { parameters }) => {
      gradients.edit('a', (grad) => grad.mul(2));
      parameters[0].grad!.addInPlace(parameters[1].grad!);
    }, "hook 'sloppy': a gradient was written while it ran"));

  it('where what it edits by gives nothing', () =>
    fails((gradients) => {
      gradients.edit('a', () => undefined as unknown as Tensor);
    }, 'Gradients.edit: the function must return a Tensor, got undefined'));

  it('where it takes a gradient away', () =>
    fails((_, { parameters }) => {
      parameters[1].grad = null;
    }, "Parameter.grad: the parameter 'b' belongs to SGD.step()"));

  it('where it gives one to a parameter that had none', () =>
    fails((_, { parameters }) => {
      parameters[2].grad = tensor([1], { backend: 'reference' });
    }, "Parameter.grad: the parameter 'c' belongs to SGD.step()"));
});
