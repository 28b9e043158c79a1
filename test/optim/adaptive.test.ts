import { describe, expect, it } from 'vitest';
import {
  Adagrad,
  type AdagradOptions,
  Adam,
  AdamW,
  type AdamWOptions,
  clipByGlobalNorm,
  type GradientHook,
  type Optimizer,
  type OptimizerOptions,
  type Parameter,
  RMSprop,
  type RMSpropOptions,
  SGD,
  tensor,
} from '../../src/index.js';
import { parameterWith } from '../clip/support.js';
import { loadGolden, worstError } from '../golden/load.js';

const float64 = { dtype: 'float64' } as const;

function numbers({ value }: Parameter): number[] {
  return [...value.data()];
}

async function valuesAfter(steps: number, optimizer: Optimizer<OptimizerOptions>): Promise<number[]> {
  for (let i = 0; i < steps; i++) await optimizer.step();
  return optimizer.parameters.flatMap(numbers);
}

describe('weight decay', () => {
  const lr = 0.1;
  const decayed = { lr, weightDecay: 0.5 };
  const of = (grad: number[], values: number[]) => [parameterWith(grad, { ...float64, values })];

  it('is not clipped, coupled or decoupled, and where SGD has no momentum the two agree', async () => {
    const cases =
      loadGolden<{ name: string; inputs: Record<string, number[]>; expected: Record<string, number[]> }[]>(
        'clip',
      );
    const { inputs, expected } = cases.find(({ name }) => name === 'sgd_weight_decay_order')!;
    const hooks = [clipByGlobalNorm(1, { eps: 1e-6 })];
    const optimizer = new SGD(of(inputs.grad, inputs.param), { lr, weightDecay: 0.1, hooks });
    const values = await valuesAfter(1, optimizer);
    expect(worstError(values, expected.clip_then_coupled_wd_pytorch)).toBeLessThan(1e-12);
    expect(worstError(values, expected.clip_then_decoupled_wd)).toBeLessThan(1e-12);
    expect(worstError(values, expected.coupled_wd_then_clip)).toBeGreaterThan(1e-3);
  });

  it('coupled enters Adam’s moments, where its size is divided out; decoupled shrinks every weight alike', async () => {
    // No gradient but that of the penalty: Adam moves each weight by lr, large or small; AdamW by its share.
    expect(await valuesAfter(1, new Adam(of([0, 0], [4, 400]), { ...decayed, eps: 0 }))).toEqual([
      3.9, 399.9,
    ]);
    expect(await valuesAfter(1, new AdamW(of([0, 0], [4, 400]), decayed))).toEqual([3.8, 380]);
  });

  it('decoupled leaves moments as they are without it, and follows the schedule of the rate', async () => {
    const seen: Readonly<Record<string, ArrayLike<number>>>[] = [];
    const look: GradientHook = {
      name: 'look',
      apply: (_, { parameters, optimizerState }) => {
        seen.push(structuredClone(optimizerState(parameters[0])));
        return {};
      },
    };
    for (const weightDecay of [0, 0.5]) {
      await valuesAfter(3, new AdamW(of([0.3], [2]), { ...decayed, weightDecay, hooks: [look] }));
    }
    expect(seen.slice(3)).toEqual(seen.slice(0, 3));
    const falling = new AdamW(of([0], [1]), { lr: (step) => [0.2, 0.4][step], weightDecay: 1 });
    expect((await valuesAfter(2, falling))[0]).toBeCloseTo(0.8 * 0.6, 14);
  });

  it.each(['reference', 'simd'])('decoupled shrinks when climbing, too, on %s', async (backend) => {
    const w = parameterWith([0], { values: [1], backend });
    expect((await valuesAfter(1, new AdamW([w], { ...decayed, maximize: true })))[0]).toBeCloseTo(0.95, 6);
    const climbing = parameterWith([1], { values: [1], backend });
    const options = { lr, weightDecay: 0, maximize: true };
    expect((await valuesAfter(1, new AdamW([climbing], options)))[0]).toBeCloseTo(1.1, 6);
  });

  it('of AdamW is 0.01 unless told, in groups and in options set later', () => {
    const optimizer = new AdamW([{ params: of([1], [1]) }], { lr });
    expect(optimizer.groups[0].options.weightDecay).toBe(0.01);
    optimizer.groups[0].options = { lr };
    expect(optimizer.groups[0].options.weightDecay).toBe(0.01);
  });
});

describe('RMSprop', () => {
  it('divides by the root mean square: at first by √(1 − α) of the gradient, whatever its size', async () => {
    const values = await valuesAfter(
      1,
      new RMSprop([parameterWith([1e-3, -50], float64)], { lr: 1, alpha: 0.75, eps: 0 }),
    );
    expect(worstError(values, [-2, 2])).toBeLessThan(1e-12);
  });

  it('centered never takes the root of a variance that rounding made negative', async () => {
    const grads = Array.from({ length: 32 }, (_, i) => (i + 1) / 37);
    for (const backend of ['reference', 'simd']) {
      const optimizer = new RMSprop([parameterWith(grads, { backend })], { alpha: 0.5, centered: true });
      expect((await valuesAfter(60, optimizer)).filter((value) => !Number.isFinite(value))).toEqual([]);
    }
  });

  it('climbs, and leaves the padding of a block zero where eps is 0', async () => {
    const w = parameterWith([2], float64);
    const [value] = await valuesAfter(
      1,
      new RMSprop([w], { lr: 1, alpha: 0, eps: 0, momentum: 0.5, maximize: true }),
    );
    expect([value, [...w.place!.block.values]]).toEqual([1, [1, 0, 0, 0, 0, 0, 0, 0]]);
  });
});

describe('Adagrad', () => {
  it('divides by the root of the sum of all squares, from its initial value, at a rate that decays', async () => {
    const w = parameterWith([3], float64);
    const options = { lr: 1, lrDecay: 0.5, initialAccumulatorValue: 16, eps: 0 };
    const optimizer = new Adagrad([w], options);
    const first = 3 / 5;
    expect((await valuesAfter(1, optimizer))[0]).toBeCloseTo(-first, 14);
    expect((await valuesAfter(1, optimizer))[0]).toBeCloseTo(-first - 3 / Math.sqrt(34) / 1.5, 14);
    w.grad = tensor([0], { ...float64, backend: 'reference' });
    expect((await valuesAfter(1, optimizer))[0]).toBeCloseTo(-first - 3 / Math.sqrt(34) / 1.5, 14);
  });

  it('adds a coupled penalty, and climbs', async () => {
    const options = { lr: 1, weightDecay: 2, eps: 1, maximize: true };
    // The gradient to climb is −g + λ · value as in PyTorch: −1 + 2 · 3 = 5.
    const [value] = await valuesAfter(
      1,
      new Adagrad([parameterWith([1], { ...float64, values: [3] })], options),
    );
    expect(value).toBeCloseTo(3 - 5 / 6, 14);
  });
});

describe('options out of range', () => {
  const adamw: [Partial<AdamWOptions>, string][] = [
    [{ betas: [1, 0.9] }, 'AdamW: betas must be two numbers in [0, 1), got ['],
    [{ weightDecay: -1 }, 'AdamW: weightDecay must be a finite number ≥ 0, got -1'],
  ];
  it.each(adamw)('AdamW %o', (options, message) => {
    expect(() => new AdamW([parameterWith([1])], options)).toThrow(message);
  });

  const rmsprop: [Partial<RMSpropOptions>, string][] = [
    [{ alpha: 1 }, 'RMSprop: alpha must be a number in [0, 1), got 1'],
    [{ momentum: -0.1 }, 'RMSprop: momentum must be a number in [0, 1), got -0.1'],
    [{ eps: Number.NaN }, 'RMSprop: eps must be a finite number ≥ 0, got NaN'],
    [{ weightDecay: -1 }, 'RMSprop: weightDecay must be'],
  ];
  it.each(rmsprop)('RMSprop %o', (options, message) => {
    expect(() => new RMSprop([parameterWith([1])], options)).toThrow(message);
  });

  const adagrad: [Partial<AdagradOptions>, string][] = [
    [{ lrDecay: -1 }, 'Adagrad: lrDecay must be a finite number ≥ 0, got -1'],
    [{ initialAccumulatorValue: Infinity }, 'Adagrad: initialAccumulatorValue must be'],
    [
      { lr_decay: 1 } as Partial<AdagradOptions>,
      "Adagrad: there is no option 'lr_decay'; the nearest is 'lrDecay'",
    ],
  ];
  it.each(adagrad)('Adagrad %o', (options, message) => {
    expect(() => new Adagrad([parameterWith([1])], options)).toThrow(message);
  });
});
