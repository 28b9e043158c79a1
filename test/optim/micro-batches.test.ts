/** Micro-batches that are not all alike: of other sizes, not finite, or of one loss for two optimizers. */

import { describe, expect, it } from 'vitest';
import {
  Adam,
  clipByGlobalNorm,
  dynamicLossScale,
  type LossScale,
  mul,
  Optimizer,
  type OptimizerOptions,
  Parameter,
  SGD,
  tensor,
  type Variable,
  zClip,
} from '../../src/index.js';

const at = (...values: number[]) => new Parameter(tensor(values), 'w');
const gradOf = (p: Parameter) => [...p.grad!.data()];
/** A loss whose gradient is this. */
const lossOf = (p: Parameter, ...grad: number[]): Variable => mul(p, tensor(grad)).sum();

describe('a micro-batch that says its weight', () => {
  it('counts by it in the mean: a short last batch gives what the full batch gives', async () => {
    const w = at(0);
    const examples = [10, 10, 10, 10, 10, 10, 10, 10, 10, 130];
    const meanOf = (part: readonly number[]) => part.reduce((a, b) => a + b, 0) / part.length;
    for (const [weights, want] of [
      [true, 22],
      [false, 43.33333],
    ] as const) {
      const optimizer = new SGD([w], { lr: 0, accumulate: 3 });
      optimizer.zeroGrad();
      for (const part of [examples.slice(0, 4), examples.slice(4, 8), examples.slice(8)]) {
        optimizer.backward(lossOf(w, meanOf(part)), weights ? { weight: part.length } : {});
      }
      await optimizer.step();
      expect(gradOf(w)[0]).toBeCloseTo(weights ? want : meanOf([10, 10, 70]), 4);
    }
  });

  it('changes nothing where all weigh alike, or where there is only one', async () => {
    for (const accumulate of [1, 2]) {
      const [w, v] = [at(0, 0), at(0, 0)];
      for (const [p, options] of [
        [w, {}],
        [v, { weight: 4 }],
      ] as const) {
        const optimizer = new SGD([p], { lr: 1, accumulate });
        for (let i = 0; i < accumulate; i++) optimizer.backward(lossOf(p, 3, 4 + i), options);
        await optimizer.step();
      }
      expect(gradOf(v)).toEqual(gradOf(w));
    }
  });

  it('must be a finite number above 0', () => {
    const w = at(0);
    const optimizer = new SGD([w], { lr: 1, accumulate: 2 });
    for (const weight of [0, -1, Number.NaN, Infinity]) {
      expect(() => optimizer.backward(lossOf(w, 1), { weight })).toThrow(
        `Optimizer.backward: weight must be a finite number > 0, got ${weight}`,
      );
    }
    expect(() => optimizer.backward(lossOf(w, 1), { wieght: 2 } as object)).toThrow(
      "the nearest is 'weight'",
    );
    expect(w.grad).toBeNull();
  });
});

describe('a micro-batch that is not finite', () => {
  const run = async (
    options: Partial<OptimizerOptions>,
    parts: readonly (() => Variable)[],
    w: Parameter,
  ) => {
    const optimizer = new SGD([w], { lr: 1, accumulate: parts.length, ...options });
    for (const part of parts) optimizer.backward(part());
    return { optimizer, report: await optimizer.step() };
  };

  it('spoils the sum, unless it is dropped: then the mean is that of the others', async () => {
    for (const bad of [
      [Number.NaN, 1],
      [1, Infinity],
    ]) {
      const w = at(0, 0);
      const parts = [[2, 2], bad, [4, 6]].map((grad) => () => lossOf(w, ...grad));
      const { optimizer, report } = await run({ dropNonFinite: true }, parts, w);
      expect([gradOf(w), report.skipped, optimizer.counts]).toEqual([
        [3, 4],
        null,
        { skipped: 0, clipped: 0, dropped: 1 },
      ]);
      const v = at(0, 0);
      const spoilt = [[2, 2], bad, [4, 6]].map((grad) => () => lossOf(v, ...grad));
      expect((await run({}, spoilt, v)).report.nonFinite).toEqual(['w']);
    }
  });

  it('may be the first, or have a finite gradient and a loss that is not', async () => {
    const w = at(0, 0);
    const broken = () => lossOf(w, 5, 5).add(tensor(Number.NaN));
    const { report } = await run({ dropNonFinite: true }, [broken, () => lossOf(w, 2, 4)], w);
    expect([gradOf(w), report.skipped]).toEqual([[2, 4], null]);
  });

  it('leaves nothing to step on if all are dropped', async () => {
    const w = at(0, 0);
    const { optimizer, report } = await run({ dropNonFinite: true }, [() => lossOf(w, Number.NaN, 0)], w);
    expect([report.skipped, optimizer.steps, optimizer.counts]).toEqual([
      'no micro-batch was finite',
      0,
      { skipped: 1, clipped: 0, dropped: 1 },
    ]);
    optimizer.zeroGrad();
    optimizer.backward(lossOf(w, 1, 1));
    expect((await optimizer.step()).skipped).toBeNull();
  });

  it('cannot be told from an overflow under a loss scale', () => {
    expect(() => new SGD([at(0)], { lr: 1, dropNonFinite: true, lossScale: dynamicLossScale() })).toThrow(
      'SGD: dropNonFinite and lossScale do not go together',
    );
  });
});

describe('a loss scale that two optimizers share', () => {
  const pair = (lossScale: LossScale, options: Partial<OptimizerOptions> = {}) =>
    ['a', 'b'].map((name) => {
      const p = new Parameter(tensor([0]), name);
      return { p, optimizer: new SGD([p], { lr: 1, lossScale, ...options }) };
    });

  it('is taken out as it was put in, and moves once a round', async () => {
    const lossScale = dynamicLossScale({ initial: 128, interval: 1 });
    const [a, b] = pair(lossScale, { hooks: [] });
    for (const want of [256, 512, 1024]) {
      for (const { p, optimizer } of [a, b]) {
        optimizer.zeroGrad();
        optimizer.backward(lossOf(p, 1));
      }
      const norms = [await a.optimizer.step(), await b.optimizer.step()].map(({ normAfter }) => normAfter);
      expect([norms, lossScale.scale]).toEqual([[1, 1], want]);
    }
  });

  it.each(['first', 'second', 'both'])('falls once in a round in which the %s overflows', async (which) => {
    const lossScale = dynamicLossScale({ initial: 128, interval: 1 });
    const [a, b] = pair(lossScale);
    a.optimizer.backward(lossOf(a.p, which === 'second' ? 1 : Infinity));
    b.optimizer.backward(lossOf(b.p, which === 'first' ? 1 : Infinity));
    const reports = [await a.optimizer.step(), await b.optimizer.step()];
    expect(lossScale.scale).toBe(64);
    expect(reports.map(({ skipped }) => skipped !== null)).toEqual([which !== 'second', which !== 'first']);
    if (which === 'first') expect(reports[1].normAfter).toBe(1);
  });

  it('moves once a round where one steps before the other walks back, too', async () => {
    const lossScale = dynamicLossScale({ initial: 128, interval: 1 });
    const [a, b] = pair(lossScale);
    for (const want of [256, 512]) {
      for (const { p, optimizer } of [a, b]) {
        optimizer.zeroGrad();
        optimizer.backward(lossOf(p, 1));
        expect((await optimizer.step()).normAfter).toBe(1);
      }
      expect(lossScale.scale).toBe(want);
    }
  });

  it('is one for all micro-batches of an update', async () => {
    const lossScale = dynamicLossScale({ initial: 128, interval: 1 });
    const [a, b] = [...pair(lossScale, { accumulate: 2 }).slice(0, 1), ...pair(lossScale).slice(1)];
    a.optimizer.backward(lossOf(a.p, 1));
    b.optimizer.backward(lossOf(b.p, 1));
    await b.optimizer.step();
    expect(lossScale.scale).toBe(256);
    a.optimizer.backward(lossOf(a.p, 3));
    expect((await a.optimizer.step()).normAfter).toBe(2);
  });
});

describe('one loss for two optimizers', () => {
  const setup = (options: readonly Partial<OptimizerOptions>[]) => {
    const [a, b] = ['a', 'b'].map((name) => new Parameter(tensor([1]), name));
    const optimizers = [a, b].map((p, i) => new SGD([p], { lr: 1, ...options[i] }));
    return { a, b, optimizers, loss: () => mul(a, b).mul(3).sum() };
  };

  it('walks back once, and both step on it, accumulating or scaled', async () => {
    const lossScale = dynamicLossScale();
    for (const options of [
      [{}, {}],
      [{ accumulate: 2 }, { accumulate: 2 }],
      [{ lossScale }, { lossScale }],
      [{}, { accumulate: 2 }],
    ]) {
      const { a, b, optimizers, loss } = setup(options);
      const rounds = options.some((each) => 'accumulate' in each) ? 2 : 1;
      for (let round = 0; round < rounds; round++) Optimizer.backward(loss(), optimizers);
      for (const optimizer of optimizers) expect((await optimizer.step()).skipped).toBeNull();
      expect(gradOf(b)).toEqual([3]);
      expect(gradOf(a)[0]).toBe('accumulate' in options[0] || rounds === 1 ? 3 : 6);
    }
  });

  it('must be multiplied alike for both; nothing changes otherwise', () => {
    const { a, b, optimizers, loss } = setup([{ lossScale: dynamicLossScale({ initial: 8 }) }, {}]);
    expect(() => Optimizer.backward(loss(), optimizers)).toThrow(
      'Optimizer.backward: the optimizers must multiply the loss by the same factor, got 8 and 1; give all of them the same lossScale',
    );
    expect([a.grad, b.grad]).toEqual([null, null]);
  });

  it('that one of them is not ready for is walked back for none', async () => {
    const { a, b, optimizers, loss } = setup([{ accumulate: 1 }, { accumulate: 2 }]);
    b.grad = tensor([1]);
    expect(() => Optimizer.backward(loss(), optimizers)).toThrow(
      'the gradient of b did not come from optimizer.backward',
    );
    expect(a.grad).toBeNull();
  });
});

describe('a hook that remembers', () => {
  it('serves one optimizer, until that is released', () => {
    const hook = zClip();
    const first = new SGD([at(1)], { lr: 1, hooks: [hook] });
    const message =
      "hook 'zClip' remembers the gradients of an optimizer and has one already; make another for this one";
    const p = at(1);
    expect(() => new Adam([p], { hooks: [hook] })).toThrow(`Adam: ${message}`);
    expect(p.place).toBeNull();
    first.release();
    new Adam([p], { hooks: [hook] });
  });

  it('stands in a list once; one that remembers nothing may stand anywhere', () => {
    const [hook, plain] = [zClip(), clipByGlobalNorm(1)];
    expect(() => new SGD([at(1)], { lr: 1, hooks: [hook, hook] })).toThrow("SGD: hook 'zClip' remembers");
    for (let i = 0; i < 2; i++) new SGD([at(1)], { lr: 1, hooks: [plain, plain] });
    // What was refused has claimed nothing.
    new SGD([at(1)], { lr: 1, hooks: [hook] });
    const other = zClip();
    expect(() => new SGD([], { lr: 1, hooks: [other] })).toThrow('needs at least one parameter');
    new SGD([at(1)], { lr: 1, hooks: [other] });
  });
});

it('printing an optimizer shows its rule, what it did, its groups and its hooks in order', async () => {
  const [w, v] = [at(1, 2), at(3)];
  const hooks = [zClip(), clipByGlobalNorm(1)];
  const optimizer = new SGD([{ params: [w] }, { params: [v], lr: 0.5 }], {
    lr: () => 0.1,
    momentum: 0.9,
    hooks,
  });
  w.grad = tensor([3, 4]);
  await optimizer.step();
  await optimizer.skipStep('no reason');
  expect(String(optimizer).split('\n')).toEqual([
    'SGD: v ← μv + (1 − τ)g, θ ← θ − lr·v',
    '  1 update, 1 clipped; 1 step skipped',
    '  group 0: 1 parameter, 2 numbers; lr by a schedule, momentum 0.9, dampening 0, nesterov false, weightDecay 0, maximize false',
    '  group 1: 1 parameter, 1 number; lr 0.5, momentum 0.9, dampening 0, nesterov false, weightDecay 0, maximize false',
    '  gradient → zClip → clipByGlobalNorm → rule → parameters',
  ]);
});
