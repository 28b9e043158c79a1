import { describe, expect, it } from 'vitest';
import { defineOptimizer } from '../../src/extend.js';
import {
  Adam,
  type AdamOptions,
  clipByGlobalNorm,
  type Parameter,
  SGD,
  type SGDOptions,
  zClip,
} from '../../src/index.js';
import { parameterWith } from '../clip/support.js';

const pair = () => [parameterWith([1]), parameterWith([1])];

describe('an optimizer', () => {
  it('asks for options, and for parameters rather than a model', () => {
    const [a] = pair();
    const none = undefined as unknown as SGDOptions;
    expect(() => new SGD([a], none)).toThrow('SGD: lr must be a finite number ≥ 0, got undefined');
    const model = { parameters: () => [a] } as unknown as Iterable<Parameter>;
    expect(() => new SGD(model, { lr: 1 })).toThrow(
      'SGD: takes a list of Parameters or groups { params, … }, got the object { parameters }; pass model.parameters()',
    );
  });
});

describe('an option that does not exist', () => {
  const wrong: [object, string][] = [
    [
      { weight_decay: 5 },
      "SGD: there is no option 'weight_decay'; the nearest is 'weightDecay' of lr, momentum",
    ],
    [{ Momentum: 0.9 }, "there is no option 'Momentum'; the nearest is 'momentum'"],
    [{ maximise: true }, "there is no option 'maximise'; the nearest is 'maximize'"],
    [{ hook: [] }, "there is no option 'hook'; the nearest is 'hooks'"],
    [{ normdevice: 'cpu' }, "there is no option 'normdevice'; the nearest is 'normDevice'"],
    [{ betas: [0.9, 0.999] }, "SGD: there is no option 'betas'"],
  ];
  it.each(wrong)('%o', (options, message) => {
    const [a] = pair();
    expect(() => new SGD([a], { lr: 0.1, ...options })).toThrow(message);
    expect(a.place).toBeNull();
  });

  it('in a group, and in options set later', () => {
    const [a, b] = pair();
    const own = { weight_decay: 5 } as Partial<AdamOptions>;
    expect(() => new Adam([{ params: [a], ...own }])).toThrow("Adam: there is no option 'weight_decay'");
    const shared = { hooks: [] } as Partial<AdamOptions>;
    expect(() => new Adam([{ params: [a], ...shared }])).toThrow("Adam: there is no option 'hooks'");
    const optimizer = new Adam([a]);
    expect(() => optimizer.addGroup({ params: [b], ...own })).toThrow("no option 'weight_decay'");
    const { options } = optimizer.groups[0];
    expect(() => {
      optimizer.groups[0].options = { ...options, ...own };
    }).toThrow("no option 'weight_decay'");
    expect([optimizer.groups.length, optimizer.groups[0].options, b.place]).toEqual([1, options, null]);
  });

  it('is no option left undefined', () => {
    const [a] = pair();
    const optimizer = new SGD([a], { lr: 0.1, momentum: undefined, hooks: undefined });
    expect(optimizer.groups[0].options).toEqual({
      lr: 0.1,
      momentum: 0,
      dampening: 0,
      nesterov: false,
      weightDecay: 0,
      maximize: false,
    });
  });
});

describe('something that is not a hook', () => {
  const wrong: [object, string][] = [
    [
      { hooks: clipByGlobalNorm(1) },
      'SGD: hooks must be an array, got the object { name, settings, nonFinite, apply }; write hooks: [hook]',
    ],
    [{ updateHooks: [] }, "SGD: there is no option 'updateHooks'; the nearest is 'hooks'"],
    [
      { hooks: [clipByGlobalNorm] },
      'SGD: hooks must hold objects { name, apply }, as clipByGlobalNorm(1) makes, got the function clipByGlobalNorm',
    ],
    [{ hooks: [{ name: 'no apply' }] }, 'SGD: hooks must hold objects { name, apply }'],
    [{ hooks: [null] }, 'makes, got null'],
    [
      { hooks: [{ ...clipByGlobalNorm(1), stage: 'before' }] },
      "SGD: hook 'clipByGlobalNorm': stage must be 'gradient' or 'update', got 'before'",
    ],
    [
      { hooks: [{ ...clipByGlobalNorm(1), nonFinite: 'ignore' }] },
      "nonFinite of a gradient hook must be one of throw, skip, zero, propagate, got 'ignore'",
    ],
    [
      { hooks: [{ ...zClip(), restore: undefined }] },
      "SGD: hook 'zClip': needs both of state and restore, or neither, got the function state",
    ],
  ];
  it.each(wrong)('%o', (options, message) => {
    const [a] = pair();
    expect(() => new SGD([a], { lr: 0.1, ...options })).toThrow(message);
    expect(a.place).toBeNull();
  });
});

describe('all groups are checked before a parameter is moved', () => {
  const second: [object, string][] = [
    [{ lr: -1 }, 'SGD: lr must be a finite number ≥ 0, got -1'],
    [{ lr: '0.1' }, "SGD: lr must be a finite number ≥ 0, got '0.1'"],
    [{ momentum: 2 }, 'SGD: momentum must be a number in [0, 1)'],
    [{ momentum: '0.9' }, "SGD: momentum must be a number in [0, 1), got '0.9'"],
    [{ params: [] }, 'SGD: needs at least one parameter'],
    [{ params: 3 }, 'SGD: takes a list of Parameters or groups'],
    [{ params: [3] }, 'SGD: takes Parameters or groups { params, … }, got 3'],
  ];
  it.each(second)('%o', (own, message) => {
    const [a, b] = pair();
    expect(() => new SGD([{ params: [a] }, { params: [b], ...own }], { lr: 0.1 })).toThrow(message);
    expect([a.place, b.place]).toEqual([null, null]);
  });
});

describe('options set between steps', () => {
  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('are refused at once: lr %d', async (lr) => {
    const [a] = pair();
    const optimizer = new SGD([a], { lr: 1 });
    expect(() => {
      optimizer.groups[0].options = { lr };
    }).toThrow(`SGD: lr must be a finite number ≥ 0, got ${lr}`);
    expect(optimizer.groups[0].options.lr).toBe(1);
    await optimizer.step();
    expect([...a.value.data()]).toEqual([-1]);
  });

  it('cannot be changed in place, where nothing would check them', () => {
    const optimizer = new SGD(pair(), { lr: 1 });
    const options = optimizer.groups[0].options as { lr: number };
    expect(() => {
      options.lr = Number.NaN;
    }).toThrow(TypeError);
    expect(options.lr).toBe(1);
  });

  it('are completed by those the optimizer was made with, and act on the next step, with state of their own', async () => {
    const [a] = pair();
    const optimizer = new SGD([a], { lr: 1, weightDecay: 0.5 });
    optimizer.groups[0].options = { lr: 2, momentum: 0.5 };
    await optimizer.step();
    await optimizer.step();
    // v = 1, θ = −2; v = 0.5 + (1 − 1) = 0.5, θ = −3
    expect([...a.value.data()]).toEqual([-3]);
    expect(optimizer.groups[0].options.weightDecay).toBe(0.5);
  });
});

it('an optimizer from outside the package lists its options once, as defaults', async () => {
  interface SignOptions extends Pick<SGDOptions, 'lr' | 'hooks' | 'normDevice'> {
    readonly bias?: number;
  }
  const Sign = defineOptimizer<SignOptions>({
    name: 'Sign',
    formula: 'θ ← θ − lr·(sign(g) + bias)',
    defaults: { bias: 0 },
    state: () => ['seen'],
    update({ values, grads, start, end, state }, { lr, bias }) {
      for (let i = start; i < end; i++) {
        values[i] -= lr * (Math.sign(grads[i]) + bias);
        state('seen')[i]++;
      }
    },
  });
  const [a, b] = [parameterWith([3, -2, 0]), parameterWith([1])];
  expect(() => new Sign([a], { lr: 1, bia: 2 } as SignOptions)).toThrow(
    "Sign: there is no option 'bia'; the nearest is 'bias' of lr, bias, hooks, normDevice",
  );
  const optimizer = new Sign([a, b], { lr: 1, bias: 0.5 });
  await optimizer.step();
  expect([...a.value.data(), ...b.value.data()]).toEqual([-1.5, 0.5, -0.5, -1.5]);
  // What it wrote between the parameters is gone.
  expect([...a.place!.block.values]).toEqual([-1.5, 0.5, -0.5, 0, 0, 0, 0, 0, -1.5, 0, 0, 0, 0, 0, 0, 0]);
});
