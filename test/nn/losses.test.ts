import { describe, expect, it } from 'vitest';
import {
  gradcheck,
  normal,
  Random,
  type Tensor,
  uniform,
  type Variable,
  variable,
  zeros,
} from '../../src/index.js';
import {
  bceWithLogits,
  crossEntropy,
  huberLoss,
  type LossOptions,
  mseLoss,
  type Reduction,
} from '../../src/nn/index.js';
import { type GoldenTensor, goldenTensor } from '../golden/load.js';
import { EXACT, exact, expectGolden, golden, gradOf } from './golden.js';

type Loss = (x: Variable, params: Readonly<Record<string, unknown>>) => Variable;

const target = (params: Readonly<Record<string, unknown>>) => goldenTensor(params.target as GoldenTensor);
const cases: Readonly<Record<string, Loss>> = {
  'crossEntropy/mean': (x, { targets }) => crossEntropy(x, targets as number[]),
  'crossEntropy/sum': (x, { targets }) => crossEntropy(x, targets as number[], { reduction: 'sum' }),
  'mse/mean': (x, params) => mseLoss(x, target(params)),
  'mse/sum': (x, params) => mseLoss(x, target(params), { reduction: 'sum' }),
  bceWithLogits: (x, params) => bceWithLogits(x, target(params)),
  huber: (x, params) => huberLoss(x, target(params), { delta: params.delta as number }),
};

describe('losses agree with PyTorch', () => {
  it.each(Object.keys(cases))('%s', (name) => {
    const { params, inputs, outputs, grads } = golden(name);
    const key = 'logits' in inputs ? 'logits' : 'x';
    const x = variable(goldenTensor(inputs[key]));
    const loss = cases[name](x, params);
    expectGolden(loss.value, outputs.y);
    loss.backward();
    expectGolden(gradOf(x), grads[key]);
  });
});

const x = normal([4, 3], new Random(1), 0, 2, EXACT);
const y = uniform([4, 3], new Random(2), 0, 1, EXACT);
const ids = [2, 0, 1, 2];
const losses: Readonly<Record<string, (v: Variable | Tensor, options?: LossOptions) => Variable>> = {
  mseLoss: (v, options) => mseLoss(v, y, options),
  huberLoss: (v, options) => huberLoss(v, y, options),
  bceWithLogits: (v, options) => bceWithLogits(v, y, options),
  crossEntropy: (v, options) => crossEntropy(v, ids, options),
};

describe.each(Object.entries(losses))('%s', (name, loss) => {
  it('reduces to the mean by default, to the sum, or not at all', () => {
    const each = loss(x, { reduction: 'none' }).value;
    expect(each.shape).toEqual(name === 'crossEntropy' ? [4] : [4, 3]);
    const total = each.sum().item();
    expect(loss(x, { reduction: 'sum' }).item()).toBeCloseTo(total, 12);
    expect(loss(x).item()).toBeCloseTo(total / each.size, 12);
  });

  it('passes gradcheck', () => {
    expect(gradcheck((v) => loss(v, { reduction: 'none' }), [x])).toBeLessThan(1e-8);
  });

  it('refuses an unknown reduction', () => {
    const reduction = 'average' as Reduction;
    expect(() => loss(x, { reduction })).toThrow(
      `${name}: reduction must be 'mean', 'sum' or 'none', got 'average'`,
    );
  });
});

describe.each(['float32', 'float64'] as const)('at logits of ±1000 in %s', (dtype) => {
  it('cross-entropy and its gradient are exact', () => {
    const logits = variable(
      exact([
        [1000, -1000, 0],
        [1000, -1000, 0],
      ]).to(dtype),
    );
    const loss = crossEntropy(logits, [0, 1], { reduction: 'none' });
    expect([...loss.value.data()]).toEqual([0, 2000]);
    loss.sum().backward();
    expect(gradOf(logits).toArray()).toEqual([
      [0, 0, 0],
      [1, -1, 0],
    ]);
  });

  it('binary cross-entropy and its gradient are exact', () => {
    const logits = variable(exact([1000, -1000, 1000, -1000]).to(dtype));
    const loss = bceWithLogits(logits, exact([1, 0, 0, 1]).to(dtype), { reduction: 'none' });
    expect([...loss.value.data()]).toEqual([0, 0, 1000, 1000]);
    loss.sum().backward();
    expect([...gradOf(logits).data()]).toEqual([0, 0, 1, -1]);
  });

  it('binary cross-entropy keeps small losses where a difference would cancel', () => {
    const loss = bceWithLogits(exact([20]).to(dtype), exact([1]).to(dtype)).item();
    expect(loss / 2.0611536181902037e-9).toBeCloseTo(1, 5);
  });
});

describe('huberLoss', () => {
  it('is the parabola inside, the line outside, with a gradient of at most delta', () => {
    const prediction = variable(exact([0.5, -2, 2, -30]));
    const loss = huberLoss(prediction, exact([0, 0, 0, 0]), { delta: 2, reduction: 'none' });
    expect([...loss.value.data()]).toEqual([0.125, 2, 2, 58]);
    loss.sum().backward();
    expect([...gradOf(prediction).data()]).toEqual([0.5, -2, 2, -2]);
  });
});

describe('crossEntropy', () => {
  it('takes logits of any rank, and targets as data with a shape', () => {
    const logits = normal([2, 2, 3], new Random(4), 0, 1, EXACT);
    const nested = crossEntropy(
      logits,
      [
        [2, 0],
        [1, 2],
      ],
      { reduction: 'none' },
    );
    const flat = crossEntropy(logits.reshape([4, 3]), new Int32Array(ids), { reduction: 'none' });
    const shaped = crossEntropy(logits, { data: new Int32Array(ids), shape: [2, 2] });
    expect(nested.shape).toEqual([2, 2]);
    expect(nested.value.data()).toEqual(flat.value.data());
    expect(shaped.item()).toBeCloseTo(flat.value.sum().item() / 4, 12);
    expect(crossEntropy(exact([0, 0]), 1).item()).toBeCloseTo(Math.LN2, 12);
  });
});

describe('crossEntropy in one kernel', () => {
  it.each(['mean', 'sum'] as const)(
    'equals its composition in float32, value and gradient: %s',
    (reduction) => {
      for (const [rows, classes] of [
        [1, 1],
        [5, 3],
        [33, 10],
        [64, 65],
      ]) {
        const logits = normal([rows!, classes!], new Random(rows!), 0, 4);
        const targets = Int32Array.from({ length: rows! }, (_, i) => (i * 7) % classes!);
        const [fused, composed] = [variable(logits), variable(logits)];
        const loss = crossEntropy(fused, targets, { reduction });
        const each = crossEntropy(composed, targets, { reduction: 'none' });
        const twin = reduction === 'mean' ? each.mean() : each.sum();
        expect(Math.abs(loss.item() - twin.item())).toBeLessThanOrEqual(1e-6 * Math.max(1, twin.item()));
        loss.mul(3).backward();
        twin.mul(3).backward();
        const want = composed.grad!.data();
        fused.grad!.data().forEach((x, i) => {
          expect(Math.abs(x - want[i]!)).toBeLessThan(1e-6);
        });
      }
    },
  );

  it('passes gradcheck, keeps its targets, and gives 0, not -0, for a perfect guess', () => {
    const buffer = Int32Array.from(ids);
    for (const reduction of ['mean', 'sum'] as const) {
      expect(gradcheck((v) => crossEntropy(v, ids, { reduction }), [x])).toBeLessThan(1e-8);
    }
    const [kept, reused] = [variable(x), variable(x)];
    crossEntropy(kept, ids).backward();
    const loss = crossEntropy(reused, buffer);
    buffer.fill(0);
    loss.backward();
    expect(reused.grad!.data()).toEqual(kept.grad!.data());
    expect(crossEntropy(zeros([2, 1]), [0, 0]).item()).toBe(0);
    expect(crossEntropy(zeros([0, 3]), [], { reduction: 'sum' }).item()).toBe(0);
  });
});

describe('losses refuse before they compute', () => {
  const refused: readonly (readonly [string, () => unknown, string])[] = [
    [
      'silent broadcasting',
      () => mseLoss(zeros([3, 1]), zeros([3])),
      'mseLoss: prediction and target must have the same shape, got [3, 1] and [3]',
    ],
    [
      'a scalar target',
      () => huberLoss(zeros([3]), zeros([])),
      'huberLoss: prediction and target must have the same shape, got [3] and []',
    ],
    [
      'unequal logits and targets',
      () => bceWithLogits(zeros([2]), zeros([3])),
      'bceWithLogits: prediction and target',
    ],
    [
      'targets outside [0, 1]',
      () => bceWithLogits(zeros([2]), zeros([2]).add(2)),
      'bceWithLogits: targets must lie in [0, 1], got 2',
    ],
    ['targets that are NaN', () => bceWithLogits(zeros([1]), zeros([1]).add(NaN)), 'got NaN'],
    [
      'a class out of range',
      () => crossEntropy(x, [0, 1, 3, 0]),
      'crossEntropy: ids must be integers in 0 … 2, got 3 at position 2',
    ],
    ['a negative class', () => crossEntropy(x, [0, -1, 0, 0]), 'got -1 at position 1'],
    [
      'too few targets',
      () => crossEntropy(x, [0, 1]),
      'crossEntropy: one target for each row of logits [4, 3]: shape [4], got [2]',
    ],
    [
      'targets of another shape',
      () =>
        crossEntropy(x, [
          [0, 1],
          [1, 0],
        ]),
      'shape [4], got [2, 2]',
    ],
    ['scalar logits', () => crossEntropy(zeros([]), []), 'crossEntropy: logits must be […, classes]'],
    ['no classes', () => crossEntropy(zeros([2, 0]), [0, 0]), 'at least one class, got [2, 0]'],
    [
      'the mean of nothing',
      () => mseLoss(zeros([0]), zeros([0])),
      'mseLoss: the mean needs at least one element, got [0]',
    ],
    ['delta 0', () => huberLoss(x, y, { delta: 0 }), 'huberLoss: delta must be a finite number > 0, got 0'],
    ['delta NaN', () => huberLoss(x, y, { delta: NaN }), 'got NaN'],
  ];
  it.each(refused)('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
