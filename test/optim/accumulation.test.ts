import { describe, expect, it } from 'vitest';
import {
  Adam,
  clipByGlobalNorm,
  clipGradNorm,
  type GradientHook,
  Linear,
  mseLoss,
  mul,
  type OptimizerOptions,
  type Parameter,
  Random,
  SGD,
  type Tensor,
  tensor,
  totalNorm,
  train,
  uniform,
  type Variable,
} from '../../src/index.js';
import { gradOf, parameterWith } from '../clip/support.js';
import { loadGolden, worstError } from '../golden/load.js';

const ref = { dtype: 'float64', backend: 'reference' } as const;

/** A loss whose gradient is `grad`. */
function lossWith(parameter: Parameter, grad: readonly number[]): Variable {
  return mul(parameter, tensor([...grad], { dtype: parameter.value.dtype, backend: 'reference' })).sum();
}

function numbers({ value }: Parameter): number[] {
  return [...value.data()];
}

function zeros(size = 2): Parameter {
  return parameterWith(null, { size, dtype: 'float64', name: 'w' });
}

/** A hook that keeps what it sees. */
function recorder(seen: number[][]): GradientHook {
  return {
    name: 'recorder',
    apply: (gradients) => {
      seen.push([...gradients.get('w').data()]);
      return {};
    },
  };
}

describe('accumulation', () => {
  it('clips once, on the mean, where clipping each micro-batch would turn the update', async () => {
    const cases = loadGolden<{ name: string; inputs: unknown; expected: Record<string, number[]> }[]>('clip');
    const golden = cases.find(({ name }) => name === 'accumulation_clip_once_vs_each_microbatch')!;
    const { micro_grads: micro } = golden.inputs as { micro_grads: number[][] };
    const w = zeros();
    // PyTorch clips the sum, of twice the norm: half its eps makes the mean the same vector.
    const hooks = [clipByGlobalNorm(1, { eps: 0.5e-6 })];
    const optimizer = new SGD([w], { lr: 1, accumulate: 2, hooks });
    for (const grad of micro) optimizer.backward(lossWith(w, grad));
    await optimizer.step();
    const update = numbers(w).map((value) => -value);
    expect(worstError(update, golden.expected.clip_once_correct)).toBeLessThan(1e-9);
    expect(worstError(update, golden.expected.clip_each_wrong)).toBeGreaterThan(0.1);
  });

  it('of equal parts trains as one large batch does, hooks included', async () => {
    const run = async (parts: number) => {
      const random = new Random(3);
      const model = new Linear(3, 2, { random, ...ref });
      const hooks = [clipByGlobalNorm(0.2)];
      const optimizer = new Adam(model.parameters(), { lr: 0.1, accumulate: parts, hooks });
      const norms: number[] = [];
      for (let step = 0; step < 5; step++) {
        const [x, y] = [uniform([12, 3], random, -1, 1, ref), uniform([12, 2], random, -1, 1, ref)];
        optimizer.zeroGrad();
        for (let part = 0; part < parts; part++) {
          const rows = [[(12 / parts) * part, (12 / parts) * (part + 1)]] as const;
          optimizer.backward(mseLoss(model.forward(x.slice(rows)), y.slice(rows)));
        }
        norms.push((await optimizer.step()).normBefore);
      }
      return [...norms, ...model.parameters().flatMap(numbers)];
    };
    const whole = await run(1);
    for (const parts of [2, 3, 4]) expect(worstError(await run(parts), whole)).toBeLessThan(1e-12);
  });

  it('shows hooks whole gradients only, and counts one update', async () => {
    const [w, seen] = [zeros(), [] as number[][]];
    const optimizer = new SGD([w], { lr: (step) => 2 ** -step, accumulate: 4, hooks: [recorder(seen)] });
    for (let update = 0; update < 2; update++) {
      optimizer.zeroGrad();
      for (let i = 0; i < 4; i++) optimizer.backward(lossWith(w, [i, 4]));
      expect((await optimizer.step()).lr).toBe(2 ** -update);
    }
    expect([seen, optimizer.steps, numbers(w)]).toEqual([
      [
        [1.5, 4],
        [1.5, 4],
      ],
      2,
      [-2.25, -6],
    ]);
  });

  it('steps on fewer where told, and divides by those that came', async () => {
    const w = zeros();
    const optimizer = new SGD([w], { lr: 1, accumulate: 4 });
    for (const grad of [1, 2]) optimizer.backward(lossWith(w, [grad, 0]));
    await optimizer.step({ partial: true });
    expect(numbers(w)).toEqual([-1.5, 0]);
    await expect(optimizer.step({ partial: true })).rejects.toThrow('0 of 4 micro-batches have come');
  });

  it('leaves parameters without a gradient alone', async () => {
    const [w, unused] = [zeros(), zeros()];
    const optimizer = new SGD([w, unused], { lr: 1, weightDecay: 1, accumulate: 2 });
    for (let i = 0; i < 2; i++) optimizer.backward(lossWith(w, [1, 1]));
    await optimizer.step();
    expect([unused.grad, unused.version]).toEqual([null, 0]);
  });
});

describe('without these options the loop is the one there was', () => {
  it('backward is loss.backward(), as often as one likes', async () => {
    const w = zeros();
    const optimizer = new SGD([w], { lr: 1, accumulate: 1 });
    optimizer.backward(lossWith(w, [1, 2]));
    lossWith(w, [1, 2]).backward();
    expect(await totalNorm([w])).toBeCloseTo(Math.sqrt(20), 12);
    await optimizer.step();
    optimizer.zeroGrad();
    expect([numbers(w), w.grad, optimizer.accumulate]).toEqual([[-2, -4], null, 1]);
  });
});

describe('a wrong order says so, and changes nothing', () => {
  const options: OptimizerOptions = { lr: 1, accumulate: 3 };
  const started = (count: number) => {
    const w = zeros();
    const optimizer = new SGD([w], options);
    for (let i = 0; i < count; i++) optimizer.backward(lossWith(w, [1, 1]));
    return { w, optimizer };
  };

  it.each([0, 1, 2])('a step after %d of 3 micro-batches', async (count) => {
    const { w, optimizer } = started(count);
    await expect(optimizer.step()).rejects.toThrow(
      `Optimizer.step: ${count} of 3 micro-batches have come; call ${count === 0 ? 'optimizer.backward(loss)' : 'backward for the rest'}`,
    );
    expect([numbers(w), w.grad && gradOf(w)]).toEqual([[0, 0], count === 0 ? null : [count, count]]);
    for (let i = count; i < 3; i++) optimizer.backward(lossWith(w, [4, 4]));
    await optimizer.step();
    expect(numbers(w)[0]).toBeCloseTo(-(count + 4 * (3 - count)) / 3, 14);
  });

  it('one micro-batch too many, before the step and after it', async () => {
    const { w, optimizer } = started(3);
    expect(() => optimizer.backward(lossWith(w, [1, 1]))).toThrow(
      'Optimizer.backward: the micro-batches of this update have come (3 of 3); step, then zeroGrad',
    );
    await optimizer.step();
    expect(() => optimizer.backward(lossWith(w, [1, 1]))).toThrow(
      'Optimizer.backward: the gradient of w did not come from optimizer.backward(loss) alone; call zeroGrad() first',
    );
    expect(gradOf(w)).toEqual([1, 1]);
  });

  it.each([0, 2])('loss.backward() after %d micro-batches', async (count) => {
    const { w, optimizer } = started(count);
    if (count > 0) {
      expect(() => lossWith(w, [1, 1]).backward()).toThrow(
        "backward: the parameter 'w' belongs to SGD, whose gradients are not whole: 2 of 3 micro-batches have come",
      );
      expect(gradOf(w)).toEqual([2, 2]);
      w.grad!.addInPlace(tensor([1, 1], ref));
    } else lossWith(w, [1, 1]).backward();
    const message = 'did not come from optimizer.backward(loss) alone';
    expect(() => optimizer.backward(lossWith(w, [1, 1]))).toThrow(message);
    await expect(optimizer.step({ partial: true })).rejects.toThrow(
      count === 0
        ? '0 of 3 micro-batches have come; call optimizer.backward(loss), which takes the place of loss.backward()'
        : message,
    );
    expect(numbers(w)).toEqual([0, 0]);
  });

  it('gradients set to null, or to something else, behind its back', async () => {
    const { w, optimizer } = started(3);
    for (const grad of [null, tensor([3, 3], ref)]) {
      expect(() => {
        w.grad = grad;
      }).toThrow("Parameter.grad: the parameter 'w' belongs to SGD");
    }
    w.grad!.addInPlace(tensor([3, 3], ref));
    await expect(optimizer.step()).rejects.toThrow(
      'call zeroGrad({ discard: true }) and start the update again',
    );
    optimizer.zeroGrad({ discard: true });
    expect(w.grad).toBeNull();
  });

  it('zeroGrad, unless told to discard', async () => {
    const { w, optimizer } = started(2);
    expect(() => optimizer.zeroGrad()).toThrow(
      'Optimizer.zeroGrad: would lose 2 of 3 micro-batches; step first, or zeroGrad({ discard: true })',
    );
    expect(gradOf(w)).toEqual([2, 2]);
    optimizer.zeroGrad({ discard: true });
    for (let i = 0; i < 3; i++) optimizer.backward(lossWith(w, [5, 5]));
    await optimizer.step();
    expect(numbers(w)).toEqual([-5, -5]);
  });

  it('saving the state of an update half collected', async () => {
    const { w, optimizer } = started(2);
    expect(() => optimizer.state()).toThrow('Optimizer.state: 2 of 3 micro-batches have come; step first');
    optimizer.backward(lossWith(w, [1, 1]));
    await optimizer.step();
    expect(optimizer.state().steps).toBe(1);
  });

  it('measuring or clipping what is not whole, by hand or by another optimizer', async () => {
    const { w, optimizer } = started(2);
    const message =
      "the parameter 'w' belongs to SGD, whose gradients are not whole: 2 of 3 micro-batches have come";
    await expect(clipGradNorm([w], 1)).rejects.toThrow(message);
    await expect(totalNorm([w])).rejects.toThrow(message);
    await expect(new SGD([w], { lr: 1 }).step()).rejects.toThrow(message);
    optimizer.backward(lossWith(w, [1, 1]));
    await expect(clipGradNorm([w], 1)).rejects.toThrow('are not whole: they are a sum of 3 micro-batches');
    await optimizer.step();
    expect(await clipGradNorm([w], 1)).toBeCloseTo(Math.SQRT2, 12);
    // Released or told to discard, it gives the parameters free.
    const other = started(1);
    other.optimizer.release();
    other.w.grad = tensor([3, 4], ref);
    expect(await totalNorm([other.w])).toBe(5);
  });

  it('backward while a step is under way', async () => {
    const { w, optimizer } = started(3);
    const step = optimizer.step();
    expect(() => optimizer.backward(lossWith(w, [1, 1]))).toThrow('the step before has not finished');
    await step;
  });

  it.each([0, -1, 1.5, Number.NaN])('accumulate %d', (accumulate) => {
    const w = zeros();
    expect(() => new SGD([w], { lr: 1, accumulate })).toThrow(
      `SGD: accumulate must be a number of micro-batches, an integer ≥ 1, got ${accumulate}`,
    );
    const group = { params: [w], accumulate: 2 } as { params: Parameter[] };
    expect(() => new SGD([group], { lr: 1 })).toThrow("there is no option 'accumulate'");
    expect(w.place).toBeNull();
  });
});

describe('a step that fails or is skipped', () => {
  it('by an error of a hook can be tried again, on the same mean', async () => {
    let fails = true;
    const seen: number[][] = [];
    const moody: GradientHook = {
      name: 'moody',
      apply: () => {
        if (fails) throw new Error('not now');
        return {};
      },
    };
    const w = zeros();
    const optimizer = new SGD([w], { lr: 1, accumulate: 2, hooks: [recorder(seen), moody] });
    for (const grad of [1, 3]) optimizer.backward(lossWith(w, [grad, 0]));
    await expect(optimizer.step({ loss: 7 })).rejects.toThrow('not now');
    fails = false;
    await optimizer.step();
    expect([seen, numbers(w)]).toEqual([
      [
        [2, 0],
        [2, 0],
      ],
      [-2, 0],
    ]);
  });

  it('skipStep measures the mean of what came, and the next update starts anew', async () => {
    const w = zeros();
    const optimizer = new SGD([w], { lr: 1, accumulate: 3 });
    for (const grad of [2, 4]) optimizer.backward(lossWith(w, [grad, 0]));
    const { skipped, normBefore } = await optimizer.skipStep('enough');
    expect([skipped, normBefore, optimizer.steps, numbers(w)]).toEqual(['enough', 3, 0, [0, 0]]);
    optimizer.zeroGrad();
    for (let i = 0; i < 3; i++) optimizer.backward(lossWith(w, [1, 0]));
    await optimizer.step();
    expect(numbers(w)).toEqual([-1, 0]);
  });
});

describe('train', () => {
  const data = (count: number): Tensor[] =>
    Array.from({ length: count }, (_, i) => tensor([[i + 1, 1]], { backend: 'reference' }));
  const run = async (count: number, accumulate: number, steps?: number) => {
    const model = new Linear(2, 1, { random: new Random(1), backend: 'reference' });
    const optimizer = new SGD(model.parameters(), { lr: 0, accumulate });
    const batches = data(count);
    const loss = (m: Linear, x: Tensor) => m.forward(x).sum();
    const { records } = await train({ model, optimizer, batches, loss, steps });
    return { records, losses: batches.map((x) => model.forward(x).item()), optimizer };
  };
  const meanOf = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

  it('takes as many batches for a step as the optimizer accumulates, the last perhaps fewer', async () => {
    const { records, losses, optimizer } = await run(10, 4);
    const groups = [losses.slice(0, 4), losses.slice(4, 8), losses.slice(8)];
    expect(records.map(({ step }) => step)).toEqual([0, 1, 2]);
    expect(
      worstError(
        records.map(({ loss }) => loss),
        groups.map(meanOf),
      ),
    ).toBeLessThan(1e-12);
    // The mean of the inputs is the gradient of the weight.
    expect(
      worstError(
        records.map(({ norms }) => norms.weight),
        [2.5, 6.5, 9.5].map((x) => Math.hypot(x, 1)),
      ),
    ).toBeLessThan(1e-6);
    expect(optimizer.steps).toBe(3);
  });

  it('counts steps in updates', async () => {
    expect((await run(10, 3, 2)).records.length).toBe(2);
  });
});
