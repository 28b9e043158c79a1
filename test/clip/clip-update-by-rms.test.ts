import { describe, expect, it } from 'vitest';
import { Adam, clipUpdateByRms, type Parameter, SGD, tensor } from '../../src/index.js';
import { loadGolden, worstError } from '../golden/load.js';
import { parameterWith } from './support.js';

interface RmsCase {
  readonly name: string;
  readonly inputs: { readonly grad: number[]; readonly exp_avg_sq: number[] };
  readonly params: { readonly lr: number; readonly eps: number };
  readonly expected: { readonly rms: number; readonly effective_lr: number };
}

const numbers = ({ value }: Parameter): number[] => [...value.data()];
const double = { dtype: 'float64', backend: 'reference' } as const;

/** The parameter after steps of Adam on these gradients, and what the hook said of the last. */
async function train(grads: readonly number[][], { clip = true, beta2 = 0.999, lr = 0.1 } = {}) {
  const parameter = parameterWith(grads[0], { dtype: 'float64' });
  const hooks = clip ? [clipUpdateByRms()] : [];
  const optimizer = new Adam([parameter], { lr, betas: [0, beta2], hooks });
  let [before, said] = [numbers(parameter), {} as Readonly<Record<string, number>>];
  for (const grad of grads) {
    before = numbers(parameter);
    parameter.grad = tensor(grad, double);
    const { hooks } = await optimizer.step();
    said = hooks[0]?.values ?? {};
  }
  const update = numbers(parameter).map((x, i) => x - before[i]);
  return { update, said };
}

describe('clipUpdateByRms', () => {
  it('agrees with the formula of StableAdamW', async () => {
    const golden = loadGolden<RmsCase[]>('clip').find(({ name }) => name === 'stableadamw_lr_scale')!;
    const { inputs, params, expected } = golden;
    const { lr, eps } = params;
    const parameter = parameterWith(inputs.grad, { dtype: 'float64' });
    const factors: number[][] = [];
    const updates = { parameters: [parameter], scaleEach: (ks: number[]) => factors.push(ks) };
    const secondMoment = Float64Array.from(inputs.exp_avg_sq);
    // Without betas the moments are taken as they are.
    const values = await clipUpdateByRms(1, { eps }).apply(updates as never, {
      step: 5,
      lr,
      loss: null,
      parameters: [parameter],
      groups: [],
      optimizerState: () => ({ secondMoment }),
      optionsOf: () => ({}),
      updatesOf: () => 6,
    });
    expect(values!.largestRms).toBeCloseTo(expected.rms, 9);
    expect(factors[0][0] * lr).toBeCloseTo(expected.effective_lr, 12);
  });

  it('shortens the update after a spike by what the moments underestimate it, keeping its direction', async () => {
    const calm = Array.from({ length: 30 }, () => [1, -2]);
    const grads = [...calm, [50, 3]];
    const [{ update, said }, { update: whole }] = [await train(grads), await train(grads, { clip: false })];
    // v̂ in closed form: a constant g² for 30 steps, then the spike.
    const [decay, mass] = [0.999, 1 - 0.999 ** 31];
    const moment = (calmSquare: number, square: number): number =>
      (decay * (1 - decay ** 30) * calmSquare + (1 - decay) * square) / mass;
    const rms = Math.sqrt((2500 / moment(1, 2500) + 9 / moment(4, 9)) / 2);
    expect(rms).toBeGreaterThan(3);
    expect(said.largestRms).toBeCloseTo(rms, 9);
    expect(
      worstError(
        update,
        whole.map((x) => x / rms),
      ),
    ).toBeLessThan(1e-9);
  });

  it('lets the first step through: its moments are corrected for their start at 0', async () => {
    for (const beta2 of [0.999, 0.9]) {
      const { said, update } = await train([[3, -40]], { beta2 });
      expect(said.largestRms).toBeCloseTo(1, 9);
      expect([update[0] + 0.1, update[1] - 0.1].every((x) => Math.abs(x) < 1e-7)).toBe(true);
    }
  });

  it('leaves every bit of calm updates, and clips one parameter without the other', async () => {
    const [a, b, c] = [[0], [0], [0]].map((values) => parameterWith([1], { values, dtype: 'float64' }));
    const clipped = new Adam([a, b], { lr: 0.1, hooks: [clipUpdateByRms()] });
    const plain = new Adam([c], { lr: 0.1 });
    for (const [first, second] of [
      [1, 1],
      [0.5, 1],
      [0.2, 90],
    ]) {
      a.grad = tensor([first], double);
      b.grad = tensor([second], double);
      c.grad = tensor([first], double);
      const { hooks } = await clipped.step();
      await plain.step();
      if (first !== 1) expect(hooks[0].clipped).toBe(second === 90);
      if (second === 90) expect(hooks[0].values.clippedParameters).toBe(1);
    }
    expect(Math.abs(numbers(a)[0] - numbers(c)[0])).toBeLessThan(1e-15);
  });

  it('a moment of 0 does not divide', async () => {
    const { said, update } = await train([[0, 0]]);
    expect([said.largestRms, update]).toEqual([0, [0, 0]]);
  });

  it('says what an optimizer keeps that has no second moment, and undoes the update', async () => {
    const parameter = parameterWith([1], { values: [5] });
    const optimizer = new SGD([parameter], { lr: 1, momentum: 0.5, hooks: [clipUpdateByRms()] });
    await expect(optimizer.step()).rejects.toThrow(
      'clipUpdateByRms: needs an optimizer that keeps secondMoment, as Adam does; this one keeps velocity',
    );
    expect(numbers(parameter)).toEqual([5]);
  });
});
