import { describe, expect, it } from 'vitest';
import {
  Adam,
  type AdamOptions,
  clipByGlobalNorm,
  clipByValue,
  type GradientHook,
  type Optimizer,
  type OptimizerOptions,
  type Parameter,
  SGD,
  type SGDOptions,
  type StepContext,
  skipNonFinite,
  tensor,
} from '../../src/index.js';
import { parameterWith } from '../clip/support.js';

const ref = { backend: 'reference' } as const;

function valuesOf(parameter: Parameter): number[] {
  return [...parameter.value.data()];
}

function give(parameter: Parameter, grad: readonly number[] | null): void {
  parameter.grad = grad && tensor([...grad], { ...ref, dtype: parameter.value.dtype });
}

/** A hook that says what it saw. */
function spy(name: string, seen: (StepContext & { readonly name: string })[]): GradientHook {
  return {
    name,
    apply: (_, step) => {
      seen.push({ ...step, name });
      return {};
    },
  };
}

describe('groups', () => {
  it('have learning rates and options of their own; the rest comes from the optimizer', async () => {
    const [a, b, c] = [1, 2, 3].map(() => parameterWith([1], { values: [10] }));
    const optimizer = new SGD(
      [{ params: [a!], lr: 0.5 }, { params: [b!], weightDecay: 1 }, { params: [c!] }],
      { lr: 0.25 },
    );
    await optimizer.step();
    expect([a, b, c].map((p) => valuesOf(p!)[0])).toEqual([9.5, 10 - 0.25 * 11, 9.75]);
    optimizer.groups[0].options = { ...optimizer.groups[0].options, lr: 2 };
    const { lr } = await optimizer.step();
    expect([lr, valuesOf(a!)[0]]).toEqual([2, 7.5]);
  });

  it('can be added later, in a block of their own, and leave the state of the others', async () => {
    const [a, b] = [parameterWith([1], { name: 'a' }), parameterWith([1], { name: 'b' })];
    const optimizer = new SGD([a], { lr: 1, momentum: 0.5 });
    await optimizer.step();
    optimizer.addGroup({ params: [b], lr: 10 });
    expect(optimizer.parameters).toEqual([a, b]);
    expect(a.place!.block).not.toBe(b.place!.block);
    const { norms } = await optimizer.step();
    expect(norms).toEqual({ a: 1, b: 1 });
    // v: 1, then 1.5; b's first step knows no velocity.
    expect([valuesOf(a), valuesOf(b)]).toEqual([[-2.5], [-10]]);
  });

  it('count a parameter listed twice once, and refuse one in two groups', async () => {
    const a = parameterWith([1], { name: 'w' });
    const optimizer = new SGD([a, a], { lr: 1 });
    const { normBefore } = await optimizer.step();
    expect([normBefore, valuesOf(a)]).toEqual([1, [-1]]);
    const message = "SGD: 'w' is in two groups; list it in one";
    expect(() => optimizer.addGroup({ params: [a] })).toThrow(message);
    expect(optimizer.groups.length).toBe(1);
    expect(() => new SGD([{ params: [a] }, { params: [a] }], { lr: 1 })).toThrow(message);
    const unnamed = parameterWith([1]);
    expect(() => new SGD([{ params: [unnamed] }, { params: [unnamed] }], { lr: 1 })).toThrow(
      "'parameter 0' is in",
    );
  });

  it('refuse what is no parameter, and nothing at all', () => {
    expect(() => new SGD([], { lr: 1 })).toThrow('SGD: needs at least one parameter, got none');
    expect(() => new SGD([{ params: [] }], { lr: 1 })).toThrow('SGD: needs at least one parameter, got none');
    const wrong = [tensor([1])] as unknown as Parameter[];
    expect(() => new Adam(wrong)).toThrow(
      'Adam: takes Parameters or groups { params, … }, got a Tensor; pass model.parameters()',
    );
    expect(() => new Adam([{ params: wrong }])).toThrow(
      'Adam: takes Parameters or groups { params, … }, got a Tensor; pass model.parameters()',
    );
  });
});

describe('options out of range', () => {
  const sgd: [Partial<SGDOptions>, string][] = [
    [{ lr: -1 }, 'SGD: lr must be a finite number ≥ 0, got -1'],
    [{ lr: Number.NaN }, 'SGD: lr must be a finite number ≥ 0, got NaN'],
    [{ lr: Number.POSITIVE_INFINITY }, 'got Infinity'],
    [{ momentum: 1 }, 'SGD: momentum must be a number in [0, 1), got 1'],
    [{ momentum: Number.NaN }, 'SGD: momentum must be a number in [0, 1), got NaN'],
    [{ dampening: Number.NaN }, 'SGD: dampening must be a finite number ≥ 0, got NaN'],
    [{ weightDecay: -0.1 }, 'SGD: weightDecay must be a finite number ≥ 0, got -0.1'],
    [{ nesterov: true }, 'SGD: nesterov needs momentum > 0 and dampening 0, got momentum 0, dampening 0'],
    [{ nesterov: true, momentum: 0.9, dampening: 0.1 }, 'got momentum 0.9, dampening 0.1'],
  ];
  it.each(sgd)('SGD %o', (options, message) => {
    const a = parameterWith([1]);
    expect(() => new SGD([a], { lr: 0.1, ...options })).toThrow(message);
    expect(a.place).toBeNull();
    expect(() => new SGD([{ params: [a], ...options }], { lr: 0.1 })).toThrow(message);
  });

  const adam: [Partial<AdamOptions>, string][] = [
    [{ betas: [1, 0.9] }, 'Adam: betas must be two numbers in [0, 1), got ['],
    [{ betas: [0.9, -0.1] }, 'Adam: betas must be two numbers in [0, 1), got ['],
    [{ eps: -1 }, 'Adam: eps must be a finite number ≥ 0, got -1'],
    [{ weightDecay: Number.NaN }, 'Adam: weightDecay must be a finite number ≥ 0, got NaN'],
    [{ lr: -1 }, 'Adam: lr must be a finite number ≥ 0, got -1'],
  ];
  it.each(adam)('Adam %o', (options, message) => {
    expect(() => new Adam([parameterWith([1])], options)).toThrow(message);
  });
});

describe('a step', () => {
  it('runs the hooks in order and tells everything', async () => {
    const [a, b] = [parameterWith([3, 4], { name: 'a' }), parameterWith([12], { name: 'b' })];
    const seen: (StepContext & { readonly name: string })[] = [];
    const hooks = [spy('first', seen), clipByGlobalNorm(6.5), clipByValue(2), spy('last', seen)];
    const optimizer = new SGD([a, b], { lr: 0.5, hooks });
    const report = await optimizer.step();
    expect(seen.map(({ name, step, lr }) => [name, step, lr])).toEqual([
      ['first', 0, 0.5],
      ['last', 0, 0.5],
    ]);
    expect(seen[0].parameters).toEqual([a, b]);
    expect(report).toEqual({
      step: 0,
      lr: 0.5,
      normBefore: 13,
      normAfter: expect.closeTo(Math.hypot(1.5, 2, 2), 6),
      scale: expect.closeTo(Math.hypot(1.5, 2, 2) / 13, 6),
      clipped: true,
      norms: { a: 5, b: 12 },
      nonFinite: [],
      hooks: [
        { hook: 'first', clipped: false, values: {} },
        { hook: 'clipByGlobalNorm', clipped: true, values: { norm: 13, threshold: 6.5, scale: 0.5 } },
        { hook: 'clipByValue', clipped: true, values: { threshold: 2, clippedElements: 1 } },
        { hook: 'last', clipped: false, values: {} },
      ],
      skipped: null,
      normDevice: 'webasm',
    });
    expect([valuesOf(a), valuesOf(b)]).toEqual([[-0.75, -1], [-1]]);
    expect([optimizer.steps, (await optimizer.step()).step]).toEqual([1, 1]);
  });

  it('without hooks changes no gradient: scale 1, norm after = norm before', async () => {
    const report = await new SGD([parameterWith([3, 4])], { lr: 1, normDevice: 'cpu' }).step();
    expect([report.normBefore, report.normAfter, report.scale, report.clipped]).toEqual([5, 5, 1, false]);
    expect(report.normDevice).toBe('cpu');
  });

  it('has scale 1 where a hook changed a gradient of norm 0', async () => {
    const halve: GradientHook = {
      name: 'halve',
      apply: (gradients) => {
        gradients.scale(0.5);
        return {};
      },
    };
    expect((await new SGD([parameterWith([0])], { lr: 1, hooks: [halve] }).step()).scale).toBe(1);
  });

  it('shows hooks the state of the optimizer', async () => {
    const [a, b] = [parameterWith([1, 2]), parameterWith([4])];
    const seen: (StepContext & { readonly name: string })[] = [];
    const optimizer = new Adam([a, b], { hooks: [spy('look', seen)] });
    expect((await optimizer.step()).hooks.length).toBe(1);
    await optimizer.step();
    const state = seen[1].optimizerState(b);
    expect(Object.keys(state)).toEqual(['firstMoment', 'secondMoment']);
    expect([state.firstMoment!.length, seen[1].optimizerState(a).firstMoment!.length]).toEqual([1, 2]);
    expect(state.firstMoment![0]).toBeGreaterThan(0);
  });

  it('refuses to run twice at once, and can go on afterwards', async () => {
    const a = parameterWith([1]);
    const optimizer = new SGD([a], { lr: 1 });
    const first = optimizer.step();
    const refused = [optimizer.step(), optimizer.skipStep('no')].map((step) =>
      expect(step).rejects.toThrow('Optimizer.step: the step before has not finished; await it'),
    );
    // Forgotten awaits would lose the gradients of the step, or bring it a group that it knows nothing of.
    expect(() => optimizer.zeroGrad()).toThrow('Optimizer.zeroGrad: the step before has not finished');
    expect(() => optimizer.addGroup({ params: [parameterWith([1])] })).toThrow(
      'Optimizer.addGroup: the step',
    );
    await Promise.all(refused);
    await first;
    await optimizer.step();
    expect([optimizer.steps, valuesOf(a)]).toEqual([2, [-2]]);
  });

  it('makes graphs from before it stale: backward says so instead of computing a wrong number', async () => {
    const a = parameterWith(null, { size: 1, values: [3], name: 'a' });
    const optimizer = new SGD([a], { lr: 1 });
    const loss = a.mul(a).sum();
    const stale = a.mul(2).sum();
    loss.backward();
    await optimizer.step();
    expect(() => stale.backward()).toThrow('was changed in place');
    expect(() => loss.backward()).toThrow(/walked before|changed in place/);
    expect([valuesOf(a), [...a.grad!.data()]]).toEqual([[-3], [6]]);
  });

  it('without a hook lets a non-finite gradient through, and names it', async () => {
    const [a, b] = [parameterWith([Number.NaN, 1], { name: 'a' }), parameterWith([1], { name: 'b' })];
    const report = await new SGD([a, b], { lr: 1 }).step();
    expect([report.nonFinite, report.normBefore, report.skipped]).toEqual([['a'], Number.NaN, null]);
    expect([valuesOf(a), valuesOf(b)]).toEqual([[Number.NaN, -1], [-1]]);
  });

  it('that a hook ends with an error changes neither parameters nor state, and the next one works', async () => {
    const a = parameterWith([Number.NaN], { name: 'a', values: [1] });
    const optimizer = new Adam([a], { lr: 1, hooks: [clipByGlobalNorm(1)] });
    await expect(optimizer.step()).rejects.toThrow('gradient of a is not finite');
    expect([optimizer.steps, valuesOf(a)]).toEqual([0, [1]]);
    give(a, [1]);
    expect((await optimizer.step()).step).toBe(0);
    expect(valuesOf(a)[0]).toBeCloseTo(0, 6);
  });
});

describe('a skipped step freezes everything', () => {
  const makers: Readonly<
    Record<string, (p: Parameter[], hooks: GradientHook[]) => Optimizer<OptimizerOptions>>
  > = {
    'SGD with momentum': (p, hooks) => new SGD(p, { lr: 0.1, momentum: 0.9, weightDecay: 0.1, hooks }),
    AMSGrad: (p, hooks) => new Adam(p, { lr: 0.1, amsgrad: true, weightDecay: 0.1, hooks }),
  };

  it.each(Object.entries(makers))('%s', async (_, make) => {
    const seen: (StepContext & { readonly name: string })[] = [];
    const run = async (grads: readonly (readonly number[])[]) => {
      const parameter = parameterWith(null, { size: 2, values: [1, -1] });
      const optimizer = make([parameter], [spy('before', seen), skipNonFinite(), spy('after', seen)]);
      const reports = [];
      for (const grad of grads) {
        give(parameter, grad);
        reports.push(await optimizer.step());
      }
      const { optimizerState } = seen.at(-1)!;
      return {
        bits: [valuesOf(parameter), optimizerState(parameter)],
        optimizer,
        reports,
        version: parameter.version,
      };
    };
    const with1 = await run([
      [1, 2],
      [Number.NaN, 0],
      [3, -4],
      [Number.POSITIVE_INFINITY, 0],
    ]);
    const without = await run([
      [1, 2],
      [3, -4],
    ]);
    expect(with1.bits).toEqual(without.bits);
    expect([with1.optimizer.steps, with1.version]).toEqual([2, without.version]);
    expect(with1.reports.map(({ skipped }) => skipped !== null)).toEqual([false, true, false, true]);
    expect(with1.reports.map(({ step }) => step)).toEqual([0, 1, 1, 2]);
    expect(with1.reports[1].hooks.map(({ hook }) => hook)).toEqual(['before', 'skipNonFinite']);
    expect(with1.reports[1].nonFinite).toEqual(['parameter 0']);
  });

  it('skipStep measures, runs no hook and moves nothing', async () => {
    const a = parameterWith([3, 4], { values: [1, 1] });
    const optimizer = new SGD([a], { lr: 1, hooks: [clipByGlobalNorm(1)] });
    const report = await optimizer.skipStep('the loss is not finite');
    expect([report.skipped, report.normBefore, report.normAfter, report.hooks]).toEqual([
      'the loss is not finite',
      5,
      5,
      [],
    ]);
    expect([valuesOf(a), optimizer.steps]).toEqual([[1, 1], 0]);
  });
});

describe('parameters without a gradient', () => {
  it('stay as they are while their neighbours in the block move', async () => {
    const sizes = [8, 3, 1, 16, 5];
    for (let mask = 1; mask < 1 << sizes.length; mask++) {
      const has = (i: number) => (mask >> i) % 2 === 1;
      const parameters = sizes.map((size) => parameterWith(null, { size, values: new Array(size).fill(1) }));
      const optimizer = new SGD(parameters, { lr: 1, weightDecay: 0.5 });
      parameters.forEach((p, i) => {
        if (has(i)) give(p, new Array(sizes[i]).fill(2));
      });
      await optimizer.step();
      parameters.forEach((p, i) => {
        expect(valuesOf(p), `mask ${mask}`).toEqual(new Array(sizes[i]).fill(has(i) ? -1.5 : 1));
        expect(p.version).toBe(has(i) ? 1 : 0);
      });
    }
  });

  it('are corrected by how often each was updated, not by the steps of the optimizer', async () => {
    const grads = [1, -2, 0.5, 3];
    const alone = parameterWith(null, { size: 1, dtype: 'float64' });
    const adam = new Adam([alone], { lr: 0.1 });
    for (const grad of grads) {
      give(alone, [grad]);
      await adam.step();
    }
    const [often, seldom] = [
      parameterWith(null, { size: 1, dtype: 'float64' }),
      parameterWith(null, { size: 1, dtype: 'float64' }),
    ];
    const both = new Adam([often, seldom], { lr: 0.1 });
    for (let step = 0; step < 8; step++) {
      give(often, [1]);
      give(seldom, step % 2 === 0 ? [grads[step / 2]] : null);
      await both.step();
    }
    expect(valuesOf(seldom)).toEqual(valuesOf(alone));
  });
});

describe('packing', () => {
  it('keeps values, gradients and names, and pads to multiples of 8', () => {
    const parameters = [
      parameterWith([1, 2, 3], { values: [4, 5, 6] }),
      parameterWith([7], { values: [8], dtype: 'float64' }),
      parameterWith(null, { size: 9 }),
      parameterWith([1]),
    ];
    new SGD(parameters, { lr: 1 });
    expect(parameters.map((p) => p.place!.offset)).toEqual([0, 0, 8, 24]);
    expect(parameters[0].place!.block).toBe(parameters[3].place!.block);
    expect(parameters[0].place!.block).not.toBe(parameters[1].place!.block);
    expect([valuesOf(parameters[0]), [...parameters[0].grad!.data()], parameters[2].grad]).toEqual([
      [4, 5, 6],
      [1, 2, 3],
      null,
    ]);
    expect(valuesOf(parameters[1])).toEqual([8]);
  });

  it('by a second optimizer leaves the state of the first', async () => {
    const run = async (share: boolean) => {
      const [a, b] = [parameterWith(null, { size: 3 }), parameterWith(null, { size: 2 })];
      const first = new Adam([a], { lr: 0.1 });
      for (let step = 0; step < 4; step++) {
        if (share && step === 2) new SGD([b, a], { lr: 0.1 });
        give(a, [step, 1, -step]);
        await first.step();
      }
      return valuesOf(a);
    };
    expect(await run(true)).toEqual(await run(false));
  });
});
