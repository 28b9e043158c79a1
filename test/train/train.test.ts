import { describe, expect, it, vi } from 'vitest';
import { packParameters } from '../../src/autograd/parameter.js';
import { backendNamed } from '../../src/extend.js';
import {
  clipByGlobalNorm,
  type GradientHook,
  Linear,
  Module,
  mean,
  mseLoss,
  Parameter,
  Random,
  SGD,
  type SGDOptions,
  type StepRecord,
  skipNonFinite,
  type TrainOptions,
  tensor,
  train,
  trainSteps,
  type Variable,
} from '../../src/index.js';

const ref = { backend: 'reference' } as const;

/** Two parameters, w and b; the loss is the mean of w·x + b, so that a batch x is the gradient of w. */
class Pair extends Module {
  readonly w = new Parameter(tensor([1, 1], ref));
  readonly b = new Parameter(tensor([1], ref));

  loss(x: readonly number[]): Variable {
    return this.w
      .mul(tensor([...x], ref))
      .sum()
      .add(this.b.sum());
  }
}

type Extra = Partial<SGDOptions & Pick<TrainOptions<Pair, readonly number[]>, 'steps' | 'onStep' | 'signal'>>;

function run(batches: Iterable<readonly number[]>, { lr = 0.1, hooks = [], ...rest }: Extra = {}) {
  const model = new Pair();
  const optimizer = new SGD(model.parameters(), { lr, hooks });
  const options = { model, optimizer, batches, loss: (m: Pair, x: readonly number[]) => m.loss(x), ...rest };
  return { model, optimizer, result: train(options) };
}

function* forever(closed: { count: number } = { count: 0 }): Generator<readonly number[]> {
  try {
    for (;;) yield [0.1, 0.2];
  } finally {
    closed.count++;
  }
}

describe('train', () => {
  it('learns, and records every step', async () => {
    const random = new Random(1);
    const model = new Linear(2, 1, { random, ...ref });
    const x = tensor(
      Array.from({ length: 20 }, () => [random.normal(), random.normal()]),
      ref,
    );
    const y = tensor(x.toArray() as number[][], ref)
      .slice([null, [0, 1]])
      .mul(3);
    const { records, divergence, interrupted, backend, normDevice, wallMs } = await train({
      model,
      batches: Array.from({ length: 200 }, () => [x, y] as const),
      optimizer: new SGD(model.parameters(), { lr: 0.1, hooks: [clipByGlobalNorm(1)] }),
      loss: (m, [input, target]) => mseLoss(m.forward(input), target),
    });
    expect(records.map(({ step }) => step)).toEqual(Array.from({ length: 200 }, (_, step) => step));
    expect(records.at(-1)!.loss).toBeLessThan(1e-3);
    expect([divergence, interrupted, backend, normDevice, wallMs > 0]).toEqual([
      null,
      false,
      'reference',
      'webasm',
      true,
    ]);
    const [first] = records as [StepRecord];
    expect(first.normBefore).toBeGreaterThan(1);
    expect(first).toMatchObject({ clipped: true, lr: 0.1, skipped: null, normAfter: expect.closeTo(1, 6) });
    expect(first.scale).toBeCloseTo(1 / first.normBefore, 6);
    expect(Object.keys(first.norms)).toEqual(['weight', 'bias']);
    expect(Math.hypot(...Object.values(first.norms))).toBeCloseTo(first.normBefore, 5);
  });

  it('ends when the batches do, at the steps asked for, and after none', async () => {
    expect(
      (
        await run([
          [1, 1],
          [1, 1],
        ]).result
      ).records.length,
    ).toBe(2);
    const closed = { count: 0 };
    expect((await run(forever(closed), { steps: 3 }).result).records.length).toBe(3);
    expect(closed.count).toBe(1);
    let drawn = 0;
    const counting = (function* () {
      for (;;) {
        drawn++;
        yield [1, 1] as const;
      }
    })();
    await run(counting, { steps: 2 }).result;
    expect(drawn).toBe(2);
    const none = await run(forever(), { steps: 0 }).result;
    expect([none.records, none.divergence, none.interrupted]).toEqual([[], null, false]);
    for (const steps of [-1, Number.NaN])
      await expect(run(forever(), { steps }).result).rejects.toThrow(
        `train: steps must be a number ≥ 0, got ${steps}`,
      );
  });

  it('closes the batches when something throws', async () => {
    const closed = { count: 0 };
    const onStep = () => {
      throw new Error('disk full');
    };
    await expect(run(forever(closed), { onStep }).result).rejects.toThrow('disk full');
    expect(closed.count).toBe(1);
  });

  it('ends by the signal after the step that runs', async () => {
    const stop = new AbortController();
    const onStep = ({ step }: StepRecord) => {
      if (step === 2) stop.abort();
    };
    const { records, interrupted } = await run(forever(), { onStep, signal: stop.signal }).result;
    expect([records.length, interrupted]).toEqual([3, true]);
    const before = await run(forever(), { signal: stop.signal }).result;
    expect([before.records.length, before.interrupted]).toEqual([0, true]);
  });

  it('lets timers run about every 50 ms', async () => {
    const ticks: number[] = [];
    const timer = setInterval(() => ticks.push(performance.now()), 5);
    const started = performance.now();
    const onStep = () => {
      const until = performance.now() + 5;
      while (performance.now() < until);
    };
    await run(forever(), { steps: 80, onStep }).result;
    clearInterval(timer);
    const gaps = [started, ...ticks].slice(1).map((tick, i) => tick - [started, ...ticks][i]);
    expect(ticks.length).toBeGreaterThanOrEqual(4);
    expect(Math.max(...gaps)).toBeLessThan(500);
  });

  it('does not wait for a timer after every short step', async () => {
    const spy = vi.spyOn(globalThis, 'setTimeout');
    await run(forever(), { steps: 5 }).result;
    const waits = spy.mock.calls.filter(([, delay]) => delay === undefined).length;
    spy.mockRestore();
    expect(waits).toBeLessThanOrEqual(2);
  });

  it('says what is wrong with a loss', async () => {
    const model = new Pair();
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const options = { model, optimizer, batches: [1] };
    const number = { ...options, loss: () => 3 as unknown as Variable };
    await expect(train(number)).rejects.toThrow('train: loss must return a Variable; compute it with ops');
    const many = { ...options, loss: (m: Pair) => m.w.mul(2) };
    await expect(train(many)).rejects.toThrow('a loss has one element, got shape [2]');
  });
});

describe('train stops at the first number that is not finite', () => {
  it('a gradient: names it; the update it made is not taken back', async () => {
    const { result, model } = run([
      [1, 1],
      [Number.NaN, 1],
      [1, 1],
    ]);
    const { records, divergence } = await result;
    // A NaN input makes the loss NaN first.
    expect(divergence).toEqual({ step: 1, what: 'loss', names: ['w'], largest: 'w' });
    expect([records.length, records[1].skipped]).toEqual([2, 'the loss is not finite']);
    expect([...model.b.value.data()]).toEqual([Math.fround(0.9)]);
  });

  it('a gradient while the loss is finite', async () => {
    const spoil: GradientHook = {
      name: 'spoil',
      apply: (gradients, { step }) => {
        if (step === 2) gradients.edit('b', (grad) => grad.mul(Number.POSITIVE_INFINITY));
        return {};
      },
    };
    const { divergence, records } = await run(forever(), { hooks: [spoil] }).result;
    expect(divergence).toEqual({ step: 2, what: 'gradient', names: ['b'], largest: 'b' });
    expect(records.length).toBe(3);
    // |w|^1.5 at 0 has a finite value, and sqrt there no finite slope.
    const model = new Pair();
    model.w.assign(tensor([0, 1], ref));
    const first = await train({
      model,
      batches: [0, 0],
      optimizer: new SGD(model.parameters(), {
        lr: 0.1,
        hooks: [clipByGlobalNorm(1, { nonFinite: 'propagate' })],
      }),
      loss: (m) => m.w.sqrt().sum().add(m.b.sum()),
    });
    expect(first.divergence).toEqual({ step: 0, what: 'gradient', names: ['w'], largest: 'w' });
    expect(first.records[0].normAfter).toBeNaN();
  });

  it('not where a hook skips the step or zeroes what is not finite', async () => {
    const model = new Pair();
    for (const hook of [skipNonFinite(), clipByGlobalNorm(1, { nonFinite: 'zero' })]) {
      model.w.assign(tensor([0, 1], ref));
      const { divergence, records } = await train({
        model,
        batches: [0, 0, 0],
        optimizer: new SGD(model.parameters(), { lr: 0.001, hooks: [hook] }),
        loss: (m) => m.w.sqrt().sum().add(m.b.sum()),
      });
      expect([divergence, records.length]).toEqual([null, 3]);
      expect(records.map(({ skipped }) => skipped !== null)).toEqual(
        new Array(3).fill(hook.name === 'skipNonFinite'),
      );
    }
  });

  it('the loss alone: no name, but whose gradient was largest', async () => {
    const model = new Pair();
    const { divergence, records } = await train({
      model,
      batches: [1, 2, 9e37],
      optimizer: new SGD(model.parameters(), { lr: 1e-9 }),
      loss: (m, x) =>
        m.w
          .mul(x)
          .sum()
          .add(m.b.mul(x * 1.5).sum()),
    });
    expect(divergence).toBeNull();
    expect(records.every(({ loss }) => Number.isFinite(loss))).toBe(true);
    const overflowing = new Pair();
    const over = await train({
      model: overflowing,
      batches: [1, 2e38],
      optimizer: new SGD(overflowing.parameters(), { lr: 1e-9 }),
      loss: (m, x) =>
        m.w
          .mul(x)
          .sum()
          .add(m.b.mul(x * 1.5).sum()),
    });
    expect(over.divergence).toEqual({ step: 1, what: 'loss', names: [], largest: 'b' });
    expect(over.records[1]).toMatchObject({
      loss: Number.POSITIVE_INFINITY,
      skipped: 'the loss is not finite',
    });
  });

  it('under the names that the records use, where two are alike', async () => {
    const twins = [1, 2].map(() => new Parameter(tensor([1], ref), 'weight'));
    const { divergence, records } = await train({
      model: twins,
      batches: [0],
      optimizer: new SGD(twins, { lr: 1e39 }),
      loss: ([first, second]) => first.mul(1e-10).sum().add(second.sum()),
    });
    const [, name] = Object.keys(records[0].norms);
    expect(divergence).toEqual({ step: 0, what: 'parameter', names: [name], largest: name });
  });

  it('a parameter that the update itself threw out of range', async () => {
    const { result, model } = run([[1, 1e30]], { lr: 1e10 });
    expect((await result).divergence).toEqual({ step: 0, what: 'parameter', names: ['w'], largest: 'w' });
    expect(model.w.value.data()[1]).toBe(Number.NEGATIVE_INFINITY);
  });

  describe('in blocks on simd', () => {
    const on = (values: readonly number[]) => new Parameter(tensor([...values], { backend: 'simd' }));
    const runOn = (parameters: readonly Parameter[], lr: number, steps = 3) =>
      train({
        model: parameters,
        batches: new Array<number>(steps).fill(0),
        optimizer: new SGD(parameters, { lr }),
        loss: (all) => all.map((parameter) => parameter.sum()).reduce((a, b) => a.add(b)),
      });

    it('an overflowing parameter at any place, found by one reduction a step and then named', async () => {
      const maxAbs = vi.spyOn(backendNamed('simd').fused, 'maxAbs');
      for (const place of [0, 7, 30]) {
        const large = new Array<number>(31).fill(0).with(place, -3.4e38);
        const parameters = [on([1, 2]), on(large), on([1, 2, 3])];
        maxAbs.mockClear();
        const { divergence, records } = await runOn(parameters, 1e38);
        expect(divergence).toEqual({
          step: 0,
          what: 'parameter',
          names: ['parameter 1'],
          largest: 'parameter 1',
        });
        expect([records.length, maxAbs.mock.calls.length]).toEqual([1, 1]);
      }
      maxAbs.mockClear();
      const calm = await runOn([on([1, 2]), on([3]), on([1, 2, 3])], 0.1);
      expect([calm.divergence, calm.records.length, maxAbs.mock.calls.length]).toEqual([null, 3, 3]);
      maxAbs.mockRestore();
    });

    it('not at one that another optimizer owns', async () => {
      const [mine, other] = [on([1, 2]), on([Number.NaN])];
      packParameters([mine, other]);
      expect((await runOn([mine], 0.1)).divergence).toBeNull();
      mine.assign(tensor([0, Number.NaN], { backend: 'simd' }));
      // The loss would tell first: its NaN is kept out.
      const { divergence } = await train({
        model: mine,
        batches: [0],
        optimizer: new SGD([mine], { lr: 0.1 }),
        loss: (m) => m.slice([[0, 1]]).sum(),
      });
      expect(divergence).toMatchObject({ what: 'parameter', names: ['parameter 0'] });
    });
  });

  it('rejects with what a hook throws, before anything moves', async () => {
    const model = new Pair();
    model.w.assign(tensor([0, 1], ref));
    const training = train({
      model,
      batches: [0],
      optimizer: new SGD(model.parameters(), { lr: 0.1, hooks: [clipByGlobalNorm(1)] }),
      loss: (m) => mean(m.w.sqrt()).add(m.b.sum()),
    });
    await expect(training).rejects.toThrow('clipByGlobalNorm: gradient of w is not finite');
    expect([...model.w.value.data()]).toEqual([0, 1]);
  });
});

describe('trainSteps', () => {
  it('gives the steps of train one at a time, and its result', async () => {
    const whole = await run(forever(), { steps: 5 }).result;
    const { model, optimizer } = run([]);
    const steps = trainSteps({ model, optimizer, batches: forever(), loss: (m, x) => m.loss(x), steps: 5 });
    const records: StepRecord[] = [];
    let next = await steps.next();
    for (; !next.done; next = await steps.next()) records.push(next.value);
    expect(records).toEqual(whole.records);
    expect(next.value).toEqual({ ...whole, wallMs: expect.any(Number) });
  });

  it('takes no step that is not asked for, and closes the batches when it is left', async () => {
    const closed = { count: 0 };
    const { model, optimizer } = run([]);
    let taken = 0;
    const loss = (m: Pair, x: readonly number[]) => {
      taken++;
      return m.loss(x);
    };
    for await (const { step } of trainSteps({ model, optimizer, batches: forever(closed), loss }))
      if (step === 2) break;
    expect(taken).toBe(3);
    expect(closed.count).toBe(1);
  });
});

it('waits for a promise that onStep returns, and closes the batches where it fails', async () => {
  const seen: string[] = [];
  await run(forever(), {
    steps: 2,
    async onStep({ step }) {
      seen.push(`${step} begins`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      seen.push(`${step} ends`);
    },
  }).result;
  expect(seen).toEqual(['0 begins', '0 ends', '1 begins', '1 ends']);
  const closed = { count: 0 };
  await expect(
    run(forever(closed), { onStep: () => Promise.reject(new Error('full')) }).result,
  ).rejects.toThrow('full');
  expect(closed.count).toBe(1);
});
