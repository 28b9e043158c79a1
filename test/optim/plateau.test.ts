import { describe, expect, it } from 'vitest';
import { type ReduceOnPlateauOptions, reduceOnPlateau, SGD } from '../../src/index.js';
import { parameterWith } from '../clip/support.js';

const results = [
  1,
  0.9,
  0.95,
  0.9,
  0.89999,
  0.91,
  0.5,
  0.5,
  0.5,
  0.6,
  0.7,
  Number.NaN,
  0.4,
  0.41,
  0.42,
  0.43,
  0.44,
];

/** Of PyTorch's ReduceLROnPlateau at rate 0.1, after each result. */
const cases: readonly (readonly [Omit<ReduceOnPlateauOptions, 'from'>, readonly number[]])[] = [
  [
    { factor: 0.5, patience: 2 },
    [
      0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.025, 0.025, 0.025, 0.0125,
      0.0125,
    ],
  ],
  [
    { factor: 0.1, patience: 0, cooldown: 2, least: 1e-3 },
    [0.1, 0.1, 0.01, 0.01, 0.01, ...new Array<number>(12).fill(0.001)],
  ],
  [
    { factor: 0.5, patience: 1, mode: 'max', threshold: 0.1 },
    [
      0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.0125, 0.0125, 0.00625, 0.00625, 0.003125, 0.003125, 0.0015625,
      0.0015625, 0.00078125, 0.00078125, 0.000390625,
    ],
  ],
];

describe('reduceOnPlateau', () => {
  it.each(cases)('is that of PyTorch under %o', (options, want) => {
    const lr = reduceOnPlateau({ from: 0.1, ...options });
    const got = results.map((result) => {
      lr.observe(result);
      return lr(0);
    });
    for (const [i, rate] of got.entries()) expect(rate / want[i]).toBeCloseTo(1, 12);
  });

  it('is the rate of the next step, and goes on from a saved state', async () => {
    const make = () => reduceOnPlateau({ from: 1, factor: 0.5, patience: 0 });
    const [lr, fresh] = [make(), make()];
    const optimizer = new SGD([parameterWith([1])], { lr });
    lr.observe(1);
    expect((await optimizer.step()).lr).toBe(1);
    lr.observe(2);
    expect((await optimizer.step()).lr).toBe(0.5);
    fresh.restore(JSON.parse(JSON.stringify(lr.state())));
    for (const each of [lr, fresh]) each.observe(0.5);
    for (const each of [lr, fresh]) each.observe(0.5);
    expect([lr(0), fresh(0), fresh.state()]).toEqual([0.25, 0.25, lr.state()]);
  });

  it('refuses what makes no sense, in one line, and keeps its state', () => {
    const made = reduceOnPlateau({ from: 1 });
    const before = made.state();
    const wrong: readonly (readonly [() => unknown, string])[] = [
      [
        () => reduceOnPlateau({} as ReduceOnPlateauOptions),
        'reduceOnPlateau: from must be a finite number ≥ 0, got undefined',
      ],
      [() => reduceOnPlateau({ from: 1, factor: 1 }), 'factor must be a number in [0, 1), got 1'],
      [() => reduceOnPlateau({ from: 1, mode: 'less' as 'min' }), "mode must be one of min, max, got 'less'"],
      [
        () => made.observe('1' as unknown as number),
        "reduceOnPlateau.observe: result must be a number, got '1'",
      ],
      [() => made.restore({ ...before, waited: 0.5 }), 'waited must be an integer ≥ 0, got 0.5'],
      [() => made.restore(null as never), 'value must be a finite number ≥ 0, got undefined'],
    ];
    for (const [call, message] of wrong) expect(call).toThrow(message);
    expect(made.state()).toEqual(before);
  });
});
