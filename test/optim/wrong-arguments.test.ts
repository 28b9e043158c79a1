/** Every function and class of clipping and of the optimizers, called with arguments that make no sense: a right result, or one line of our own. */

import { describe, expect, it } from 'vitest';
import * as clip from '../../src/clip/index.js';
import { Parameter, tensor, variable } from '../../src/index.js';
import * as optim from '../../src/optim/index.js';

const values: readonly unknown[] = [
  undefined,
  null,
  3,
  -1,
  Number.NaN,
  'word',
  true,
  [],
  [1, 2],
  [[1]],
  {},
  { dim: 0 },
  { lr: 'fast' },
  () => 1,
  tensor([1]),
  variable(tensor([1])),
  new Parameter(tensor([1])),
  [new Parameter(tensor([1]))],
];

/** Not ours: what JavaScript says of a wrong value that nobody looked at. */
const raw =
  /Cannot (read|convert|destructure|set|use)|is not (a function|iterable|a constructor)|undefined \(|Invalid|Reduce of/;

async function outcome(call: () => unknown): Promise<string | null> {
  try {
    await call();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Given whole by others, and not called with arguments at all. */
const skipped = [
  'Gradients',
  'Updates',
  'Optimizer',
  'NormMeter',
  'runHook',
  'mayRemember',
  'defineOptimizer',
];

const exported = Object.entries({ ...clip, ...optim }).filter(
  ([name, value]) => typeof value === 'function' && !skipped.includes(name),
);

describe.each(exported)('%s', (_, value) => {
  const isClass = /^class\b/.test(Function.prototype.toString.call(value));
  const call = (...args: unknown[]) =>
    isClass
      ? new (value as new (...a: unknown[]) => unknown)(...args)
      : (value as (...a: unknown[]) => unknown)(...args);

  it('says in one line of its own what is wrong with one or two wrong arguments', async () => {
    const ours = [
      () => call(),
      ...values.flatMap((a) => [() => call(a), ...values.map((b) => () => call(a, b))]),
    ];
    for (const each of ours) {
      const message = await outcome(each);
      if (message === null) continue;
      expect(message).not.toMatch(raw);
      expect(message).not.toContain('\n');
      expect(message).toContain(':');
    }
  });
});

const byName: ReadonlyMap<string, unknown> = new Map(exported);

describe('one argument too many is refused by', () => {
  const p = () => [new Parameter(tensor([1]))];
  const calls: readonly (readonly [string, () => unknown])[] = [
    ...(
      [
        'clipByGlobalNorm',
        'clipByTensorNorm',
        'clipByGroupNorm',
        'clipByBlockRms',
        'skipAbove',
        'zClip',
        'adaGC',
      ] as const
    ).map((name) => [name, () => (byName.get(name) as (...a: unknown[]) => unknown)(2, {}, 3)] as const),
    ['clipByValue', () => (clip.clipByValue as (...a: unknown[]) => unknown)(-1, 1)],
    ['skipNonFinite', () => (clip.skipNonFinite as (...a: unknown[]) => unknown)(1, {})],
    ['clipGradNorm', () => (clip.clipGradNorm as (...a: unknown[]) => unknown)(p(), 1, {}, 2)],
    ['clipGradValue', () => (clip.clipGradValue as (...a: unknown[]) => unknown)(p(), 1, 2)],
    ['SGD', () => new (optim.SGD as new (...a: unknown[]) => unknown)(p(), { lr: 1 }, 0.9)],
    ['dynamicLossScale', () => (optim.dynamicLossScale as (...a: unknown[]) => unknown)({}, 2)],
    ['reduceOnPlateau', () => (optim.reduceOnPlateau as (...a: unknown[]) => unknown)({ from: 1 }, 2)],
  ];
  it.each(calls)('%s', async (name, call) => {
    expect(await outcome(call)).toMatch(
      new RegExp(`^${name}: takes (one argument|at most \\d arguments), got \\d`),
    );
  });
});
