import { describe, expect, it } from 'vitest';
import {
  Adam,
  encodeCheckpoint,
  Module,
  Parameter,
  Random,
  restoreCheckpoint,
  SGD,
  type StepRecord,
  type Tensor,
  type TrainOptions,
  tensor,
  train,
  uniform,
} from '../../src/index.js';

class Point extends Module {
  readonly w = new Parameter(tensor([1, -1]));
}

type Options = TrainOptions<Point, Tensor>;

/** Pulls w to random points, drawn one at a time. */
function training(seed: number) {
  const random = new Random(seed);
  const model = new Point();
  const optimizer = new Adam(model.parameters(), { lr: 0.1, normDevice: 'simd' });
  const parts = { model, optimizer, others: { random } };
  const records: StepRecord[] = [];
  const run = (options: Partial<Options>) =>
    train({
      model,
      optimizer,
      batches: points(random),
      loss: ({ w }, x) => w.sub(x).square().sum(),
      onStep: (record) => records.push(record),
      ...options,
    });
  return { parts, run, records };
}

function* points(random: Random): Generator<Tensor> {
  for (;;) yield uniform([2], random, -1, 1);
}

describe('save', () => {
  it('is called between steps, after every so many and at the end', async () => {
    const at = async (options: Partial<Options>) => {
      const { run, parts } = training(1);
      const saved: (readonly [step: number, updates: number])[] = [];
      await run({ ...options, save: (step) => void saved.push([step, parts.optimizer.steps]) });
      return saved;
    };
    expect(await at({ steps: 7, saveEvery: 3 })).toEqual([
      [3, 3],
      [6, 6],
      [7, 7],
    ]);
    expect(await at({ steps: 6, saveEvery: 3 })).toEqual([
      [3, 3],
      [6, 6],
    ]);
    expect(await at({ steps: 4 })).toEqual([[4, 4]]);
    expect(await at({ steps: 0 })).toEqual([]);
    expect(await at({ steps: 8, startStep: 5, saveEvery: 3 })).toEqual([
      [6, 1],
      [8, 3],
    ]);
    expect(await at({ steps: 5, startStep: 5 })).toEqual([]);
    expect(await at({ batches: [tensor([1, 1]), tensor([1, 1])] })).toEqual([[2, 2]]);
  });

  it('is waited for, comes after onStep, and is called when the signal ends the run', async () => {
    const { run } = training(1);
    const order: string[] = [];
    const controller = new AbortController();
    await run({
      saveEvery: 2,
      signal: controller.signal,
      onStep: ({ step }) => {
        order.push(`step ${step}`);
        if (step === 2) controller.abort();
      },
      save: async (step) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        order.push(`saved ${step}`);
      },
    });
    expect(order).toEqual(['step 0', 'step 1', 'saved 2', 'step 2', 'saved 3']);
  });

  it('is not called once the run diverged: what was saved before stays', async () => {
    const { run } = training(1);
    const saved: number[] = [];
    const batches = [1, 1, Number.POSITIVE_INFINITY].map((x) => tensor([x, 1]));
    const { divergence } = await run({ batches, saveEvery: 1, save: (step) => void saved.push(step) });
    expect([divergence?.step, saved]).toEqual([2, [1, 2]]);
  });

  it('that fails fails the run, and closes the batches', async () => {
    const { run } = training(1);
    let closed = false;
    function* batches() {
      try {
        for (;;) yield tensor([1, 1]);
      } finally {
        closed = true;
      }
    }
    const save = () => {
      throw new Error('disk full');
    };
    await expect(run({ batches: batches(), saveEvery: 1, save })).rejects.toThrow('disk full');
    expect(closed).toBe(true);
  });
});

describe('a run that goes on at startStep', () => {
  it('ends where the whole one ends, its steps numbered on', async () => {
    const whole = training(1);
    await whole.run({ steps: 12 });
    const [first, second] = [training(1), training(7)];
    const saved: Uint8Array[] = [];
    const save = (step: number) => void saved.push(encodeCheckpoint(first.parts, { step }));
    await first.run({ steps: 9, saveEvery: 5, save });
    const { step } = restoreCheckpoint(saved[0], second.parts);
    const { records } = await second.run({ startStep: step, steps: 12 });
    expect(records.map((record) => record.step)).toEqual([5, 6, 7, 8, 9, 10, 11]);
    expect(records.map(({ loss }) => loss)).toEqual(whole.records.slice(5).map(({ loss }) => loss));
    expect(encodeCheckpoint(second.parts, { step: 12 })).toEqual(encodeCheckpoint(whole.parts, { step: 12 }));
  });

  it('also where several batches make a step: none is drawn before its step', async () => {
    const make = (seed: number) => {
      const { parts, run } = training(seed);
      const optimizer = new SGD(parts.model.parameters(), { lr: 0.1, momentum: 0.9, accumulate: 3 });
      const own = { ...parts, optimizer };
      return { parts: own, run: (options: Partial<Options>) => run({ ...options, optimizer }) };
    };
    const [whole, first, second] = [make(1), make(1), make(7)];
    await whole.run({ steps: 7 });
    const saved: Uint8Array[] = [];
    await first.run({
      steps: 5,
      saveEvery: 2,
      save: (step) => void saved.push(encodeCheckpoint(first.parts, { step })),
    });
    const { step } = restoreCheckpoint(saved[1], second.parts);
    expect(step).toBe(4);
    await second.run({ startStep: step, steps: 7 });
    expect(encodeCheckpoint(second.parts, { step: 7 })).toEqual(encodeCheckpoint(whole.parts, { step: 7 }));
  });

  it('tells the loss the number of its step', async () => {
    const { run } = training(1);
    const seen: number[] = [];
    const loss = ({ w }: Point, x: Tensor, step: number) => {
      seen.push(step);
      return w.sub(x).square().sum();
    };
    await run({ startStep: 3, steps: 5, loss });
    expect(seen).toEqual([3, 4]);
  });
});

it('numbers of steps out of range are refused', async () => {
  const { run } = training(1);
  await expect(run({ startStep: -1 })).rejects.toThrow('train: startStep must be an integer ≥ 0, got -1');
  await expect(run({ startStep: 0.5 })).rejects.toThrow('train: startStep must be an integer ≥ 0, got 0.5');
  for (const saveEvery of [0, -1, 1.5, Number.NaN]) {
    await expect(run({ saveEvery })).rejects.toThrow(
      `train: saveEvery must be an integer ≥ 1, got ${saveEvery}`,
    );
  }
});

it('detectAnomaly names the op instead of stopping', async () => {
  const batches = [tensor([1, 1])];
  const loss = ({ w }: Point, x: Tensor) => w.sub(x).log().sum();
  const run = (detectAnomaly: boolean) => {
    const model = new Point();
    return train({ model, optimizer: new SGD(model.parameters(), { lr: 1 }), batches, loss, detectAnomaly });
  };
  expect((await run(false)).divergence?.what).toBe('loss');
  await expect(run(true)).rejects.toThrow(
    "the forward of 'log' made one: its output [2] is -Infinity at [0]",
  );
});
