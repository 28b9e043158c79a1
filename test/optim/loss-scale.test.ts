import { describe, expect, it } from 'vitest';
import {
  Adam,
  clipByGlobalNorm,
  clipByValue,
  clipGradNorm,
  dynamicLossScale,
  type GradientHook,
  Linear,
  type LossScale,
  type LossScaleOptions,
  mseLoss,
  mul,
  type Parameter,
  Random,
  SGD,
  scope,
  tensor,
  toHalf,
  uniform,
  type Variable,
} from '../../src/index.js';
import { gradOf, parameterWith } from '../clip/support.js';
import { loadGolden, worstError } from '../golden/load.js';

function lossWith(parameter: Parameter, grad: readonly number[]): Variable {
  return mul(parameter, tensor([...grad], { dtype: parameter.value.dtype, backend: 'reference' })).sum();
}

function numbers({ value }: Parameter): number[] {
  return [...value.data()];
}

describe('toHalf', () => {
  it('rounds to the nearest float16, ties to even, in both directions', () => {
    const values = [1 / 3, 2049, 2051, 65519, 65520, -1e9, 2 ** -24, 2 ** -25, 1e-8, Number.NaN];
    const rounded = [0.333251953125, 2048, 2052, 65504, Infinity, -Infinity, 2 ** -24, 0, 0, Number.NaN];
    const x = parameterWith(null, { size: values.length, values });
    const y = toHalf(x);
    expect([...y.value.data()]).toEqual(rounded);
    y.backward({ grad: tensor(values, { backend: 'reference' }) });
    expect(gradOf(x)).toEqual(rounded);
  });

  it('rounds float64 once, not by way of float32', () => {
    const between = 1 + 2 ** -11 + 2 ** -40;
    const options = { dtype: 'float64', backend: 'reference' } as const;
    expect(toHalf(tensor([between], options)).item()).toBe(1 + 2 ** -10);
  });
});

describe('a gradient of 1e-8', () => {
  const update = async (lossScale?: LossScale) => {
    const w = parameterWith(null, { size: 1, dtype: 'float64', values: [1] });
    const optimizer = new SGD([w], { lr: 1e8, lossScale });
    // The network is in half precision, the small factor of the loss is not.
    optimizer.backward(mul(toHalf(w), 1e-8).sum());
    await optimizer.step();
    return 1 - w.value.item();
  };

  it('is lost in float16, and survives scaled', async () => {
    expect(await update()).toBe(0);
    expect(await update(dynamicLossScale())).toBeCloseTo(1, 2);
  });
});

describe('a net in emulated float16', () => {
  /** Its targets are in units so large that every gradient is near 1e-9. Returns the relative loss at the end. */
  const train = async (lossScale?: LossScale) => {
    const random = new Random(1);
    const [first, second] = [new Linear(2, 8, { random }), new Linear(8, 1, { random })];
    const x = uniform([16, 2], random, -1, 1);
    const y = x.slice([null, [0, 1]]).mul(x.slice([null, [1, 2]]));
    const parameters = [...first.parameters(), ...second.parameters()];
    const optimizer = new Adam(parameters, { lr: 0.02, eps: 1e-16, lossScale });
    const losses: number[] = [];
    for (let step = 0; step < 300; step++) {
      optimizer.zeroGrad();
      losses.push(
        scope(() => {
          const output = toHalf(second.forward(toHalf(first.forward(x)).tanh()));
          const loss = mseLoss(output, y).mul(1e-8);
          optimizer.backward(loss);
          return loss.item();
        }),
      );
      await optimizer.step();
    }
    return losses[299] / losses[0];
  };

  it('stalls as it is, and trains under a loss scale', async () => {
    expect(await train()).toBeGreaterThan(0.9);
    expect(await train(dynamicLossScale({ initial: 2 ** 20 }))).toBeLessThan(0.2);
  });
});

describe('clipping under a loss scale', () => {
  it('sees un-scaled gradients, as PyTorch does after unscale_', async () => {
    const cases = loadGolden<{ name: string; inputs: unknown; expected: Record<string, number[]> }[]>('clip');
    const golden = cases.find(({ name }) => name === 'loss_scale_unscale_then_clip')!;
    const { true_grad: grad, loss_scale: initial } = golden.inputs as {
      true_grad: number[];
      loss_scale: number;
    };
    const w = parameterWith(null, { size: 2, dtype: 'float64' });
    const hooks = [clipByGlobalNorm(10, { eps: 1e-6 })];
    const optimizer = new SGD([w], { lr: 1, lossScale: dynamicLossScale({ initial }), hooks });
    optimizer.backward(lossWith(w, grad));
    expect(gradOf(w)).toEqual(grad.map((g) => g * initial));
    const report = await optimizer.step();
    expect(worstError(gradOf(w), golden.expected.unscale_then_clip_correct)).toBeLessThan(1e-9);
    expect([report.normBefore, report.clipped]).toEqual([5, false]);
  });

  it('by hand is refused while the scale is in', async () => {
    const w = parameterWith(null, { size: 2, name: 'w' });
    const optimizer = new SGD([w], { lr: 1, lossScale: dynamicLossScale() });
    optimizer.backward(lossWith(w, [3, 4]));
    await expect(clipGradNorm([w], 1)).rejects.toThrow(
      "clipGradNorm: the parameter 'w' belongs to SGD, whose gradients are not whole: they are of the loss times 65536; use optimizer.backward(loss) and measure or clip in hooks",
    );
    expect(gradOf(w)).toEqual([3 * 65536, 4 * 65536]);
  });

  it('refuses gradients that came by loss.backward()', async () => {
    const w = parameterWith(null, { size: 2, name: 'w' });
    const optimizer = new SGD([w], { lr: 1, lossScale: dynamicLossScale() });
    lossWith(w, [3, 4]).backward();
    await expect(optimizer.step()).rejects.toThrow(
      '0 of 1 micro-batches have come; call optimizer.backward(loss), which takes the place of loss.backward()',
    );
    expect(() => optimizer.backward(mul(w, 2))).toThrow('call zeroGrad() first');
    optimizer.zeroGrad();
    expect(() => optimizer.backward(mul(w, 2))).toThrow('backward: a loss has one element, got shape [2]');
  });

  it('changes no bit where the scale is a power of two, with accumulation too', async () => {
    const run = async (lossScale?: LossScale) => {
      const random = new Random(2);
      const model = new Linear(5, 3, { random });
      const hooks = [clipByGlobalNorm(0.8)];
      const optimizer = new SGD(model.parameters(), { lr: 0.1, lossScale, accumulate: 2, hooks });
      for (let step = 0; step < 6; step++) {
        optimizer.zeroGrad();
        for (let i = 0; i < 2; i++) {
          optimizer.backward(
            mseLoss(model.forward(uniform([4, 5], random, -1, 1)), uniform([4, 3], random, -1, 1)),
          );
        }
        await optimizer.step();
      }
      return model.parameters().flatMap(numbers);
    };
    expect(await run(dynamicLossScale({ interval: 2 }))).toEqual(await run());
  });
});

describe('an overflow', () => {
  it('skips the step, halves the scale, and freezes all else: hooks, moments, count and schedule', async () => {
    const run = async (grads: readonly number[]) => {
      const seen: number[] = [];
      const counter: GradientHook = {
        name: 'counter',
        apply: (_, { step, lr }) => {
          seen.push(step, lr);
          return {};
        },
      };
      const w = parameterWith(null, { size: 1, name: 'w', values: [1] });
      const lossScale = dynamicLossScale({ initial: 4 });
      const options = { lr: (step: number) => 0.1 / (step + 1), lossScale, weightDecay: 0.1 };
      const optimizer = new Adam([w], { ...options, hooks: [counter, clipByValue(1)] });
      const reports = [];
      for (const grad of grads) {
        optimizer.zeroGrad();
        optimizer.backward(lossWith(w, [grad]));
        reports.push(await optimizer.step());
      }
      const { tensors } = optimizer.state();
      const moments = Object.values(tensors).map((tensor) => [...tensor.data()]);
      return { bits: [numbers(w), moments, seen, optimizer.steps], reports, lossScale, version: w.version };
    };
    // 1e38 is finite, and four times 1e38 is not: clipByValue would have hidden it.
    const [with2, without] = [await run([1, 1e38, Infinity, -2]), await run([1, -2])];
    expect(with2.bits).toEqual(without.bits);
    expect(with2.version).toBe(without.version);
    expect(with2.lossScale.scale).toBe(1);
    expect(with2.reports.map(({ skipped }) => skipped)).toEqual([
      null,
      'gradient of w is not finite under a loss scale of 4',
      'gradient of w is not finite under a loss scale of 2',
      null,
    ]);
    expect(with2.reports[1].hooks).toEqual([]);
  });

  it('is counted anew by every change: the scale grows after as many clean steps in a row', async () => {
    const w = parameterWith(null, { size: 1 });
    const lossScale = dynamicLossScale({ initial: 8, growth: 4, backoff: 0.25, interval: 3 });
    const optimizer = new SGD([w], { lr: 0, lossScale });
    const scales: number[] = [];
    for (const grad of [1, 1, Infinity, 1, 1, 1, 1, 1, 1]) {
      optimizer.zeroGrad();
      optimizer.backward(lossWith(w, [grad]));
      await optimizer.step();
      scales.push(lossScale.scale);
    }
    expect(scales).toEqual([8, 8, 2, 2, 2, 8, 8, 8, 32]);
    expect(optimizer.lossScale).toBe(lossScale);
  });

  it('that does not come from the scale ends in an error, not in skipping for ever', async () => {
    const w = parameterWith(null, { size: 1 });
    const lossScale = dynamicLossScale({ initial: 2 ** -23 });
    const optimizer = new SGD([w], { lr: 1, lossScale });
    const step = () => {
      optimizer.zeroGrad();
      optimizer.backward(lossWith(w, [Number.NaN]));
      return optimizer.step();
    };
    expect((await step()).skipped).toContain('not finite');
    await expect(step()).rejects.toThrow(
      `gradients are not finite even at a scale of ${2 ** -24}; look for the cause`,
    );
    expect([numbers(w), lossScale.scale]).toEqual([[0], 2 ** -24]);
  });

  it('is not seen in a step that somebody skips', async () => {
    const w = parameterWith(null, { size: 1 });
    const lossScale = dynamicLossScale();
    const optimizer = new SGD([w], { lr: 1, lossScale });
    optimizer.backward(lossWith(w, [Number.NaN]));
    expect((await optimizer.skipStep('the loss is not finite')).skipped).toBe('the loss is not finite');
    expect(lossScale.scale).toBe(65536);
  });
});

describe('dynamicLossScale', () => {
  it('saves and restores its state, and goes on as before', () => {
    const [one, other] = [dynamicLossScale({ interval: 3 }), dynamicLossScale({ interval: 3 })];
    for (const overflowed of [true, false, false]) one.update(overflowed);
    other.restore(JSON.parse(JSON.stringify(one.state())));
    expect(other.state()).toEqual({ scale: 32768, cleanSteps: 2 });
    for (const scale of [one, other]) scale.update(false);
    expect([one.scale, other.scale]).toEqual([65536, 65536]);
    expect(() => other.restore({ scale: Number.NaN, cleanSteps: 0 })).toThrow(
      'scale must be a finite number',
    );
    expect(() => other.restore({ scale: 1, cleanSteps: -1 })).toThrow('cleanSteps must be an integer ≥ 0');
    expect(other.scale).toBe(65536);
  });

  it('stays in float32 however long it grows, and comes down again', () => {
    const lossScale = dynamicLossScale({ interval: 1 });
    for (let step = 0; step < 2000; step++) lossScale.update(false);
    expect(lossScale.scale).toBe(2 ** 127);
    lossScale.update(true);
    expect(lossScale.scale).toBe(2 ** 126);
  });

  it('grows after a shorter interval than the one that its state was saved under', () => {
    const lossScale = dynamicLossScale({ interval: 2 });
    lossScale.restore({ scale: 8, cleanSteps: 5 });
    lossScale.update(false);
    expect(lossScale.state()).toEqual({ scale: 16, cleanSteps: 0 });
  });

  const wrong: [LossScaleOptions, string][] = [
    [{ initial: 0 }, 'initial must be a finite number of at least 2^-24, got 0'],
    [{ initial: Infinity }, 'initial must be a finite number'],
    [{ growth: 0.5 }, 'growth must be a finite number ≥ 1, got 0.5'],
    [{ backoff: 1 }, 'backoff must be a number between 0 and 1, got 1'],
    [{ interval: 0 }, 'interval must be an integer ≥ 1, got 0'],
    [{ growthFactor: 2 } as LossScaleOptions, "there is no option 'growthFactor'; the nearest is 'growth'"],
  ];
  it.each(wrong)('refuses %o', (options, message) => {
    expect(() => dynamicLossScale(options)).toThrow(`dynamicLossScale: ${message}`);
  });
});
