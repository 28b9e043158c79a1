import { describe, expect, it } from 'vitest';
import { mul, Parameter, SGD, tensor, WeightAverage, type WeightAverageState } from '../../src/index.js';

const given = () => new Parameter(tensor([0, 8]), 'w');
const numbers = (w: Parameter) => [...w.value.data()];

describe.each([0, 0.5, 0.999])('an average of the weights with decay %d', (decay) => {
  it('is the recurrence ā ← decay · ā + (1 − decay) · θ, from the first weights on', async () => {
    const w = given();
    const average = new WeightAverage([w], { decay });
    const optimizer = new SGD([w], { lr: 1 });
    let want = null as number[] | null;
    for (let step = 0; step < 20; step++) {
      w.grad = tensor([Math.sin(step), -1]);
      await optimizer.step();
      average.update();
      const now = numbers(w);
      want = want?.map((a, i) => decay * a + (1 - decay) * now[i]) ?? now;
    }
    const after = numbers(w);
    const seen = await average.use(() => numbers(w));
    for (const [i, x] of seen.entries()) expect(x).toBeCloseTo(want![i], 5);
    expect([numbers(w), average.updates]).toEqual([after, 20]);
  });
});

it('while it is in use, the parameters are nobody else’s; they come back even if the use fails', async () => {
  const w = given();
  const average = new WeightAverage([w]);
  const use = average.use(async () => {
    await null;
    expect(() => mul(w, w).sum().backward()).toThrow(
      "backward: the parameter 'w' belongs to WeightAverage.use(), which has not finished; await it first",
    );
    throw new Error('no');
  });
  expect(() => w.assign(tensor([1, 1]))).toThrow('belongs to WeightAverage.use()');
  await expect(use).rejects.toThrow('no');
  w.assign(tensor([1, 1]));
  expect(numbers(w)).toEqual([1, 1]);
});

it('goes on bit for bit from a saved state, which is plain JSON by fixed names', async () => {
  const [w, v] = [given(), given()];
  const [whole, fresh] = [new WeightAverage([w], { decay: 0.9 }), new WeightAverage([v], { decay: 0.9 })];
  for (const x of [0.1, 0.2]) {
    w.assign(tensor([x, 1 / 3]));
    whole.update();
  }
  w.name = 'renamed';
  const saved = JSON.parse(JSON.stringify(whole.state()));
  expect(Object.keys(saved.averages)).toEqual(['w']);
  fresh.restore(saved);
  for (const parameter of [w, v]) parameter.assign(tensor([7, 7]));
  for (const average of [whole, fresh]) average.update();
  expect(fresh.state()).toEqual(whole.state());
});

it('refuses a state of other parameters, and keeps its own', () => {
  const average = new WeightAverage([given()]);
  const before = average.state();
  const wrong: readonly (readonly [unknown, string])[] = [
    [null, 'WeightAverage.restore: updates must be an integer ≥ 0, got undefined'],
    [{ updates: 1, averages: {} }, 'averages.w must be a list of 2 numbers, got undefined'],
    [{ updates: 1, averages: { w: [1] } }, 'averages.w must be a list of 2 numbers, got [1]'],
  ];
  for (const [state, message] of wrong) {
    expect(() => average.restore(state as WeightAverageState)).toThrow(message);
  }
  expect(average.state()).toEqual(before);
  expect(() => new WeightAverage([])).toThrow('WeightAverage: needs at least one parameter');
});
