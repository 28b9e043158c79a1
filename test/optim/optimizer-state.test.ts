import { describe, expect, it } from 'vitest';
import * as clippers from '../../src/clip/clippers.js';
import {
  Adagrad,
  Adam,
  AdamW,
  autoClip,
  clipByGlobalNorm,
  clipByValue,
  decodeSafetensors,
  dynamicLossScale,
  encodeSafetensors,
  type GradientHook,
  type Optimizer,
  type OptimizerOptions,
  type OptimizerState,
  Parameter,
  type ParameterGroup,
  Random,
  RMSprop,
  SGD,
  tensor,
  type UpdateHook,
  uniform,
} from '../../src/index.js';
import { samples } from '../clip/laws/samples.js';

type Groups = readonly ParameterGroup<OptimizerOptions>[];

const makers: Readonly<
  Record<string, (groups: Groups, hooks: Partial<OptimizerOptions>) => Optimizer<OptimizerOptions>>
> = {
  SGD: (groups, more) => new SGD(groups, { lr: 0.1, momentum: 0.9, dampening: 0.1, ...more }),
  'SGD without momentum': (groups, more) => new SGD(groups, { lr: (step) => 0.1 / (step + 1), ...more }),
  Adam: (groups, more) => new Adam(groups, { lr: 0.01, amsgrad: true, ...more }),
  AdamW: (groups, more) => new AdamW(groups, { lr: (step) => 0.01 / (step + 1), ...more }),
  RMSprop: (groups, more) => new RMSprop(groups, { lr: 0.01, centered: true, momentum: 0.5, ...more }),
  Adagrad: (groups, more) => new Adagrad(groups, { lr: 0.1, ...more }),
};

/** Scales by the mean of all norms so far: it remembers. */
function slow(name = 'slow'): GradientHook {
  let norms: number[] = [];
  return {
    name,
    async apply(gradients) {
      norms.push(await gradients.norm());
      gradients.scale(1 / (1 + norms.reduce((a, b) => a + b) / norms.length));
      return {};
    },
    state: () => ({ norms }),
    restore: (state) => {
      if (!Array.isArray(state.norms)) throw new Error(`${name}.restore: norms must be a list`);
      norms = state.norms as number[];
    },
  };
}

/** Counts, and changes nothing. */
function counter(): UpdateHook & { readonly count: () => number } {
  let count = 0;
  return {
    name: 'counter',
    stage: 'update',
    apply: () => ({ count: ++count }),
    state: () => ({ count }),
    restore: (state) => {
      count = state.count as number;
    },
    count: () => count,
  };
}

/** Three parameters in two groups, one of them with a gradient at every other step alone. */
function training(maker: (typeof makers)[string], seed: number) {
  const random = new Random(seed);
  const parameters = [[3, 5], [7], [2, 2]].map(
    (shape, i) => new Parameter(uniform(shape, random, -1, 1), `p${i}`),
  );
  const updates = counter();
  const groups = [{ params: parameters.slice(0, 2) }, { params: parameters.slice(2), lr: 0.05 }];
  const optimizer = maker(groups, { hooks: [slow(), updates], normDevice: 'simd' });
  const take = async (from: number, to: number) => {
    for (let step = from; step < to; step++) {
      const random = new Random(1000 + step);
      for (const [i, parameter] of parameters.entries()) {
        parameter.grad = i === 1 && step % 2 === 0 ? null : uniform(parameter.shape, random, -1, 1);
      }
      await optimizer.step();
    }
  };
  const bits = () => ({
    values: parameters.map(({ value }) => value.data()),
    state: plain(optimizer.state()),
    count: updates.count(),
  });
  return { parameters, optimizer, take, bits };
}

function plain({ tensors, ...rest }: OptimizerState): unknown {
  const arrays = Object.entries(tensors).map(([name, each]) => [name, each.shape, each.data()]);
  return { ...rest, arrays };
}

/** As a file would give it back. */
function throughBytes({ tensors, ...rest }: OptimizerState): OptimizerState {
  const read = decodeSafetensors(encodeSafetensors(tensors, { rest: JSON.stringify(rest) }));
  return { tensors: read.tensors, ...JSON.parse(read.metadata.rest) };
}

describe.each(Object.entries(makers))('%s', (_, maker) => {
  it('saved and put back into another, used one, goes on bit for bit', async () => {
    for (const at of [0, 1, 4]) {
      const whole = training(maker, 1);
      await whole.take(0, 9);
      const first = training(maker, 1);
      await first.take(0, at);
      const state = throughBytes(first.optimizer.state());
      const values = first.parameters.map(({ value }) => value.copy());
      const second = training(maker, 2);
      await second.take(20, 23);
      for (const [i, parameter] of second.parameters.entries()) parameter.assign(values[i]);
      second.optimizer.restore(state);
      expect(plain(second.optimizer.state())).toEqual(plain(first.optimizer.state()));
      await second.take(at, 9);
      expect(second.bits()).toEqual(whole.bits());
    }
  });
});

describe('a state', () => {
  it('has tensors by state and parameter, and the rest as plain JSON', async () => {
    const { optimizer, take } = training(makers.Adam, 1);
    await take(0, 3);
    const { tensors, ...rest } = optimizer.state();
    expect(Object.keys(tensors).sort()).toEqual(
      ['firstMoment', 'largestSecondMoment', 'secondMoment'].flatMap((name) =>
        ['p0', 'p1', 'p2'].map((p) => `${name}/${p}`),
      ),
    );
    expect(tensors['firstMoment/p0'].shape).toEqual([3, 5]);
    expect(JSON.parse(JSON.stringify(rest))).toEqual(rest);
    expect(rest).toMatchObject({
      steps: 3,
      groups: [
        {
          options: { lr: 0.01, betas: [0.9, 0.999], amsgrad: true },
          parameters: { p0: { updates: 3 }, p1: { updates: 1 } },
        },
        { options: { lr: 0.05 }, parameters: { p2: { updates: 3 } } },
      ],
      counts: { skipped: 0, clipped: 3, dropped: 0 },
      hooks: [{ name: 'slow' }, { name: 'counter', state: { count: 3 } }],
    });
  });

  it('is not changed by what the optimizer does later, nor by being put back', async () => {
    const { optimizer, take, parameters } = training(makers.Adam, 1);
    await take(0, 2);
    const state = optimizer.state();
    const before = structuredClone(plain(state));
    const values = parameters.map(({ value }) => value.copy());
    await take(2, 5);
    const after = parameters.map(({ value }) => value.data());
    expect(plain(state)).toEqual(before);
    for (const [i, parameter] of parameters.entries()) parameter.assign(values[i]);
    optimizer.restore(state);
    await take(2, 5);
    expect(plain(state)).toEqual(before);
    expect(parameters.map(({ value }) => value.data())).toEqual(after);
  });

  it('brings options changed by hand along, and leaves schedules to the optimizer', async () => {
    const first = training(makers.AdamW, 1);
    const [group] = first.optimizer.groups as unknown as {
      options: { lr: unknown; betas: readonly number[] };
    }[];
    group.options = { ...group.options, betas: [0.5, 0.6] };
    const second = training(makers.AdamW, 1);
    second.optimizer.restore(first.optimizer.state());
    const [restored] = second.optimizer.groups as unknown as {
      options: { lr: unknown; betas: readonly number[] };
    }[];
    expect(restored.options.betas).toEqual([0.5, 0.6]);
    expect(typeof restored.options.lr).toBe('function');
  });

  it('has the loss scale, and how long it was clean', async () => {
    const make = () => {
      const parameter = new Parameter(tensor([1]), 'w');
      const lossScale = dynamicLossScale({ initial: 8, interval: 3 });
      const optimizer = new SGD([parameter], { lr: 0.1, lossScale, normDevice: 'simd' });
      const step = async (factor: number) => {
        optimizer.zeroGrad();
        optimizer.backward(parameter.mul(factor).sum());
        await optimizer.step();
      };
      return { optimizer, lossScale, step };
    };
    const [first, second] = [make(), make()];
    for (const factor of [3e38, 1, 1]) await first.step(factor);
    second.optimizer.restore(throughBytes(first.optimizer.state()));
    expect(second.lossScale.state()).toEqual({ scale: 4, cleanSteps: 2 });
    await second.step(1);
    expect(second.lossScale.scale).toBe(8);
  });

  it('knows two parameters of one name apart', async () => {
    const make = () => {
      const parameters = [1, 2].map((value) => new Parameter(tensor([value]), 'w'));
      return { parameters, optimizer: new SGD(parameters, { lr: 1, momentum: 0.5 }) };
    };
    const first = make();
    for (const [i, parameter] of first.parameters.entries()) parameter.grad = tensor([i + 1]);
    await first.optimizer.step();
    const second = make();
    second.optimizer.restore(first.optimizer.state());
    const velocities = Object.values(second.optimizer.state().tensors).map((each) => each.data());
    expect(velocities).toEqual([Float32Array.of(1), Float32Array.of(2)]);
  });
});

describe('a state that does not fit is refused, and nothing changes', () => {
  const build = (
    names: readonly string[],
    options: Partial<OptimizerOptions> & { momentum?: number },
    split = false,
  ) => {
    const parameters = names.map((name) => new Parameter(tensor([1, 2]), name));
    const groups = split
      ? parameters.map((parameter) => ({ params: [parameter] }))
      : [{ params: parameters }];
    return new SGD(groups, { lr: 0.1, momentum: 0.9, normDevice: 'simd', ...options });
  };
  const stepped = async (optimizer: SGD) => {
    for (const parameter of optimizer.parameters) parameter.grad = tensor([3, 4]);
    await optimizer.step();
    return optimizer;
  };
  const remembered = (optimizer: SGD) => structuredClone(plain(optimizer.state()));
  const without = (hook: GradientHook): GradientHook => ({ name: hook.name, apply: hook.apply });

  const cases: readonly (readonly [what: string, saved: () => SGD, problem: string])[] = [
    [
      'other parameters',
      () => build(['a', 'c'], { hooks: [slow()] }),
      "parameters of group 0: only saved 'c', only here 'b'",
    ],
    ['other groups', () => build(['a', 'b'], { hooks: [slow()] }, true), 'number of groups: saved 2, here 1'],
    [
      'a schedule for a rate',
      () => build(['a', 'b'], { lr: () => 0.1, hooks: [slow()] }),
      "options of group 0 that are not schedules: only here 'lr'",
    ],
    ['other hooks', () => build(['a', 'b'], { hooks: [slow('other')] }), 'hooks: saved [other], here [slow]'],
    [
      'hooks in another number',
      () => build(['a', 'b'], { hooks: [slow(), slow()] }),
      'hooks: saved [slow, slow], here [slow]',
    ],
    [
      'hooks of another kind',
      () => build(['a', 'b'], { hooks: [slow(), counter()] }),
      'hooks: saved [slow, counter], here [slow]',
    ],
    [
      'a hook that remembered nothing',
      () => build(['a', 'b'], { hooks: [without(slow())] }),
      'memory of slow: saved none, here some',
    ],
  ];

  it.each(cases)('%s', async (_, saved, problem) => {
    const state = (await stepped(saved())).state();
    const optimizer = await stepped(build(['a', 'b'], { hooks: [slow()] }));
    const before = remembered(optimizer);
    expect(() => optimizer.restore(state)).toThrow(
      `Optimizer.restore: the state must fit the optimizer, got ${problem}; nothing was changed: build the optimizer with the settings that the state was saved with`,
    );
    expect(remembered(optimizer)).toEqual(before);
  });

  it('other shapes, and tensors of nobody', async () => {
    const state = (await stepped(build(['a'], {}))).state();
    const optimizer = build(['a'], {});
    expect(() =>
      optimizer.restore({ ...state, tensors: { 'velocity/a': tensor([[1]]), 'velocity/b': tensor([1]) } }),
    ).toThrow(
      "got tensor 'velocity/a': saved float32 [1, 1], here float32 [2]; the tensor 'velocity/b', which is not remembered; nothing",
    );
  });

  it('another optimizer’s', async () => {
    const adam = new Adam([new Parameter(tensor([1, 2]), 'a')]);
    expect(() => build(['a'], {}).restore(adam.state())).toThrow(
      'got optimizer: saved Adam, here SGD; nothing was changed',
    );
  });

  it('a hook that refuses its state, or an option out of range: what was put back before it is undone', async () => {
    const make = () => stepped(build(['a', 'b'], { hooks: [slow('one'), slow('two')] }));
    const [saved, optimizer] = [(await make()).state(), await make()];
    const before = remembered(optimizer);
    const [group] = saved.groups;
    const broken = [
      {
        ...saved,
        hooks: [
          { name: 'one', settings: null, state: { norms: [7] } },
          { name: 'two', settings: null, state: { norms: null } },
        ],
      },
      { ...saved, groups: [{ ...group, options: { ...group.options, momentum: 2 } }] },
    ];
    const changed = { ...group, options: { ...group.options, lr: 99 } };
    expect(() => optimizer.restore({ ...broken[0], groups: [changed] })).toThrow(
      'two.restore: norms must be a list',
    );
    expect(() => optimizer.restore(broken[1])).toThrow('SGD: momentum must be a number in [0, 1), got 2');
    expect(remembered(optimizer)).toEqual(before);
  });

  it('a loss scale for none', async () => {
    const scaled = build(['a'], { lossScale: dynamicLossScale() });
    expect(() => build(['a'], {}).restore(scaled.state())).toThrow(
      'got lossScale: saved [dynamicLossScale], here [];',
    );
    expect(() => scaled.restore(build(['a'], {}).state())).toThrow(
      'got lossScale: saved [], here [dynamicLossScale];',
    );
  });

  it('between micro-batches, and of a released optimizer, there is none', async () => {
    const optimizer = build(['a'], { accumulate: 3 });
    const state = optimizer.state();
    optimizer.backward(optimizer.parameters[0].sum());
    expect(() => optimizer.state()).toThrow(
      'Optimizer.state: 1 of 3 micro-batches have come; step first, or zeroGrad({ discard: true })',
    );
    expect(() => optimizer.restore(state)).toThrow('Optimizer.restore: 1 of 3 micro-batches have come');
    optimizer.zeroGrad({ discard: true });
    expect(plain(optimizer.state())).toEqual(plain(state));
    optimizer.release();
    const message = (caller: string) => `Optimizer.${caller}: the optimizer was released; make a new one`;
    expect(() => optimizer.state()).toThrow(message('state'));
    expect(() => optimizer.restore(state)).toThrow(message('restore'));
  });

  it('while a step is under way', async () => {
    const optimizer = build(['a'], {});
    for (const parameter of optimizer.parameters) parameter.grad = tensor([3, 4]);
    const state = optimizer.state();
    const step = optimizer.step();
    expect(() => optimizer.state()).toThrow('Optimizer.state: the step before has not finished; await it');
    expect(() => optimizer.restore(state)).toThrow(
      'Optimizer.restore: the step before has not finished; await it',
    );
    await step;
  });
});

describe('a state says what it is of', () => {
  const model = () => [new Parameter(tensor([1, 2]), 'a'), new Parameter(tensor([[3]]), 'b')];
  const stepped = async (optimizer: Optimizer<OptimizerOptions>) => {
    for (const parameter of optimizer.parameters)
      parameter.grad = tensor(new Float32Array(parameter.value.size).fill(1), { shape: parameter.shape });
    await optimizer.step();
    return optimizer;
  };

  it('class, options, arrays, hooks and their settings, names, shapes, dtypes, format', async () => {
    const hooks = [clipByGlobalNorm(Number.POSITIVE_INFINITY), clipByValue(() => 3)];
    const optimizer = await stepped(new Adam(model(), { hooks, normDevice: 'simd' }));
    const { tensors, ...rest } = optimizer.state();
    expect(rest).toEqual({
      format: 2,
      optimizer: 'Adam',
      steps: 1,
      counts: { skipped: 0, clipped: 0, dropped: 0 },
      groups: [
        {
          options: {
            lr: 1e-3,
            betas: [0.9, 0.999],
            eps: 1e-8,
            weightDecay: 0,
            amsgrad: false,
            maximize: false,
          },
          arrays: ['firstMoment', 'secondMoment'],
          parameters: {
            a: { shape: [2], dtype: 'float32', updates: 1 },
            b: { shape: [1, 1], dtype: 'float32', updates: 1 },
          },
        },
      ],
      hooks: [
        {
          name: 'clipByGlobalNorm',
          settings: { maxNorm: 'Infinity', p: 2, eps: 0, nonFinite: 'throw' },
          state: null,
        },
        { name: 'clipByValue', settings: { maxValue: 'a function' }, state: null },
      ],
      lossScale: [],
    });
    expect(JSON.parse(JSON.stringify(rest))).toEqual(rest);
    expect(Object.keys(tensors)).toHaveLength(4);
  });

  it('so that another class, other settings of a hook or of the loss scale, other dtypes are refused side by side', async () => {
    const refused = async (saved: OptimizerOptions, here: OptimizerOptions, message: string) => {
      const state = (await stepped(new Adam(model(), { normDevice: 'simd', ...saved }))).state();
      const optimizer = new Adam(model(), { normDevice: 'simd', ...here });
      expect(() => optimizer.restore(state)).toThrow(`got ${message}; nothing was changed`);
    };
    const adamW = new AdamW(model());
    expect(() => adamW.restore(new Adam(model()).state())).toThrow(
      'got optimizer: saved Adam, here AdamW; nothing',
    );
    await refused(
      { lr: 1, hooks: [clipByGlobalNorm(1)] },
      { lr: 1, hooks: [clipByGlobalNorm(5, { eps: 1e-6 })] },
      'maxNorm of clipByGlobalNorm: saved 1, here 5; eps of clipByGlobalNorm: saved 0, here 0.000001',
    );
    await refused(
      { lr: 1, hooks: [autoClip(10, { window: 100 })] },
      { lr: 1, hooks: [autoClip(10, { window: 5 })] },
      'window of autoClip: saved 100, here 5',
    );
    await refused(
      { lr: 1, hooks: [clipByValue({ min: -1, max: 2 })] },
      { lr: 1, hooks: [clipByValue(() => 2)] },
      'maxValue of clipByValue: saved {"min":-1,"max":2}, here a function',
    );
    const wide = new Parameter(tensor([1, 2], { dtype: 'float64' }), 'a');
    const state = new SGD([new Parameter(tensor([1, 2]), 'a')], { lr: 1 }).state();
    expect(() => new SGD([wide], { lr: 1 }).restore(state)).toThrow(
      "got 'a': saved float32 [2], here float64 [2]; nothing",
    );
  });

  it('every hook of the package says its settings', () => {
    for (const [name, { make }] of Object.entries(samples)) {
      const { settings } = make('skip');
      expect([name, Object.keys(settings ?? {}).length > 0]).toEqual([name, true]);
      const functions = Object.entries(clippers).filter(([key]) => key === name);
      expect(functions).toHaveLength(1);
    }
  });

  it('of version 1 it is refused by name', () => {
    const optimizer = new SGD(model(), { lr: 1 });
    const { format: _, ...old } = optimizer.state();
    expect(() => optimizer.restore(old as OptimizerState)).toThrow(
      'Optimizer.restore: the state must have format 2, got none (of version 1, or not a state); older states do not say which optimizer they belong to: restore the model alone, and start with a new optimizer',
    );
    expect(() => optimizer.restore({ ...old, format: 3 } as unknown as OptimizerState)).toThrow(
      'got 3; older',
    );
    for (const wrong of [null, 7, 'x', []]) {
      expect(() => optimizer.restore(wrong as unknown as OptimizerState)).toThrow(
        'must have format 2, got none',
      );
    }
  });

  it('whatever single field is missing, of another kind or out of range, it is refused in one line, and nothing changes', async () => {
    const make = () => new Adam(model(), { hooks: [autoClip(10), clipByGlobalNorm(9)], normDevice: 'simd' });
    const saved = (await stepped(make())).state();
    const { tensors, ...json } = saved;
    const optimizer = await stepped(make());
    const before = structuredClone(plain(optimizer.state()));
    const junk: readonly unknown[] = [
      undefined,
      null,
      '7',
      Number.NaN,
      -3,
      0.5,
      true,
      [],
      {},
      [null],
      { toString: 1 },
    ];
    let tried = 0;
    /** Puts each piece of junk at each place below, one at a time, into a copy. */
    const walk = (path: readonly string[], value: unknown) => {
      for (const bad of path.length === 0 ? [] : junk) {
        const copy = structuredClone(json) as unknown;
        let at = copy as Record<string, unknown>;
        for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
        const key = path[path.length - 1];
        if (bad === undefined) delete at[key];
        else at[key] = bad;
        if (JSON.stringify(copy) === JSON.stringify(json)) continue;
        const isFree = path.includes('state') && path.length > 3; // the numbers that a hook remembers are its own to judge
        const isOption = path[2] === 'options'; // options are put back, and judged by the optimizer
        tried++;
        try {
          optimizer.restore({ ...(copy as OptimizerState), tensors });
          expect([path.join('.'), bad, isFree || isOption || path[0] === 'counts']).toEqual([
            path.join('.'),
            bad,
            true,
          ]);
          optimizer.restore(saved);
        } catch (error) {
          expect((error as Error).message).toMatch(
            /^(Optimizer\.restore|autoClip|Adam|restore): [^\n]{1,900}$/,
          );
          expect(Object.getPrototypeOf(error)).toBe(Error.prototype);
        }
      }
      if (typeof value === 'object' && value !== null) {
        for (const [key, item] of Object.entries(value)) walk([...path, key], item);
      }
    };
    walk([], json);
    expect(tried).toBeGreaterThan(400);
    optimizer.restore(saved);
    expect(plain(optimizer.state())).toEqual(before);
  });

  it.each([
    ['7', "got '7' for steps, which must be an integer ≥ 0"],
    [Number.NaN, 'got NaN for steps, which must be an integer ≥ 0'],
    [-3, 'got -3 for steps, which must be an integer ≥ 0'],
  ])('steps of %j', (steps, message) => {
    const optimizer = new SGD(model(), { lr: 1 });
    expect(() => optimizer.restore({ ...optimizer.state(), steps: steps as number })).toThrow(
      `Optimizer.restore: takes what state() returned, ${message}; the file is damaged or was changed`,
    );
  });

  it('missing moments, unknown ones, more updates than steps', async () => {
    const optimizer = await stepped(new Adam(model()));
    const state = optimizer.state();
    const { 'secondMoment/b': moment, ...rest } = state.tensors;
    const refused = (other: Partial<OptimizerState>, message: string) =>
      expect(() => optimizer.restore({ ...state, ...other })).toThrow(`got ${message}; nothing was changed`);
    refused({ tensors: rest }, "no tensors 'secondMoment/b'");
    refused(
      { tensors: { ...state.tensors, 'thirdMoment/b': moment } },
      "the tensor 'thirdMoment/b', which is not remembered",
    );
    refused({ steps: 0 }, "1 updates of 'a' in 0 steps; 1 updates of 'b' in 0 steps");
    const [group] = state.groups;
    refused(
      { groups: [{ ...group, options: { ...group.options, amsgrad: true } }] },
      "arrays of group 0: saved [firstMoment, secondMoment], here [firstMoment, secondMoment, largestSecondMoment]; no tensors 'largestSecondMoment/a', 'largestSecondMoment/b'",
    );
  });

  it('what options no longer use is zeros when they use it again, saved in between or not', async () => {
    const run = async (between: (optimizer: SGD) => SGD) => {
      let optimizer = new SGD(model(), { lr: 1, momentum: 0.9, normDevice: 'simd' });
      await stepped(optimizer);
      optimizer.groups[0].options = { momentum: 0 };
      await stepped(optimizer);
      optimizer = between(optimizer);
      optimizer.groups[0].options = { momentum: 0.9 };
      await stepped(optimizer);
      return plain(optimizer.state());
    };
    const whole = await run((optimizer) => optimizer);
    const resumed = await run((optimizer) => {
      const next = new SGD(model(), { lr: 1, momentum: 0.9, normDevice: 'simd' });
      next.restore(optimizer.state());
      return next;
    });
    expect(resumed).toEqual(whole);
  });
});
