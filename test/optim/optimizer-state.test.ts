import { describe, expect, it } from 'vitest';
import {
  Adagrad,
  Adam,
  AdamW,
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
        { options: { lr: 0.01, betas: [0.9, 0.999], amsgrad: true }, updates: { p0: 3, p1: 1 } },
        { options: { lr: 0.05 }, updates: { p2: 3 } },
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
      "parameters of group 0: no 'b', unknown 'c'; 'velocity/c' of no parameter",
    ],
    ['other groups', () => build(['a', 'b'], { hooks: [slow()] }, true), '2 groups for 1'],
    [
      'a schedule for a rate',
      () => build(['a', 'b'], { lr: () => 0.1, hooks: [slow()] }),
      "options of group 0 that are no schedules: no 'lr'",
    ],
    ['other hooks', () => build(['a', 'b'], { hooks: [slow('other')] }), 'hooks [other] for [slow]'],
    [
      'hooks in another number',
      () => build(['a', 'b'], { hooks: [slow(), slow()] }),
      'hooks [slow, slow] for [slow]',
    ],
    [
      'hooks of another kind',
      () => build(['a', 'b'], { hooks: [slow(), counter()] }),
      'hooks [slow, counter] for [slow]',
    ],
    [
      'a hook that remembered nothing',
      () => build(['a', 'b'], { hooks: [without(slow())] }),
      "no state for 'slow'",
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
    ).toThrow("got 'velocity/a' [1, 1] for [2]; 'velocity/b' of no parameter; nothing");
  });

  it('another optimizer’s', async () => {
    const adam = new Adam([new Parameter(tensor([1, 2]), 'a')]);
    expect(() => build(['a'], {}).restore(adam.state())).toThrow(
      "options of group 0 that are no schedules: no 'momentum', 'dampening', 'nesterov', unknown 'betas', 'eps', 'amsgrad'",
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
          { name: 'one', state: { norms: [7] } },
          { name: 'two', state: { norms: null } },
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
      'got lossScale [dynamicLossScale] for [];',
    );
    expect(() => scaled.restore(build(['a'], {}).state())).toThrow(
      'got lossScale [] for [dynamicLossScale];',
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
