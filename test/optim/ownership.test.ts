/** While a step or a clip runs, the parameters and gradients it works on belong to it, and whoever touches them is told whose they are. */

import { describe, expect, it } from 'vitest';
import {
  Adam,
  clipGradNorm,
  clipGradValue,
  mul,
  Parameter,
  PerExampleClipping,
  SGD,
  tensor,
  totalNorm,
  type Variable,
} from '../../src/index.js';

const given = (name = 'p') => {
  const p = new Parameter(tensor([0, 0]), name);
  p.grad = tensor([3, 4]);
  return p;
};
const numbers = (p: Parameter) => [...p.value.data()];
const gradOf = (p: Parameter) => [...p.grad!.data()];
const lossOf = (p: Parameter): Variable => mul(p, tensor([100, 100])).sum();

/** What runs, and what messages call it. */
const running: readonly (readonly [string, (p: Parameter) => Promise<unknown>])[] = [
  ['SGD.step()', (p) => new SGD([p], { lr: 1 }).step()],
  ['Adam.step()', (p) => new Adam([p], { lr: 1 }).step()],
  ['SGD.step()', (p) => new SGD([p], { lr: 1 }).skipStep('no reason')],
  ['clipGradNorm()', (p) => clipGradNorm([p], 1)],
  ['clipGradNorm()', (p) => clipGradNorm([p], 1, { errorIfNonfinite: true })],
];

/** What must not come in between; each has a parameter to itself that must stay as it was. */
const intruders: readonly (readonly [string, (p: Parameter) => unknown])[] = [
  ['backward', (p) => lossOf(p).backward()],
  [
    'Parameter.grad',
    (p) => {
      p.grad = tensor([9, 9]);
    },
  ],
  [
    'Parameter.grad',
    (p) => {
      p.grad = null;
    },
  ],
  ['Parameter.assign', (p) => p.assign(tensor([9, 9]))],
  ['Optimizer.step', (p) => new SGD([p], { lr: 1 }).step()],
  ['Parameter.grad', (p) => new SGD([p], { lr: 1 }).zeroGrad()],
  ['clipGradNorm', (p) => clipGradNorm([p], 1)],
  ['clipGradValue', (p) => clipGradValue([p], 1)],
  ['totalNorm', (p) => totalNorm([p])],
];

describe.each(running)('while %s runs', (owner, run) => {
  it.each(intruders)('%s is refused, and the result is as if nothing had come', async (caller, intrude) => {
    const [p, alone] = [given(), given()];
    const work = run(p);
    await expect((async () => intrude(p))()).rejects.toThrow(
      `${caller}: the parameter 'p' belongs to ${owner}, which has not finished; await it first`,
    );
    const [result, want] = [await work, await run(alone)];
    expect([result, numbers(p), gradOf(p)]).toEqual([want, numbers(alone), gradOf(alone)]);
    // It is free again.
    lossOf(p).backward();
    p.grad = null;
  });
});

it('a backward pass that reaches one held parameter changes no gradient at all', async () => {
  const [p, q] = [given('p'), given('q')];
  const step = new SGD([p], { lr: 1 }).step();
  expect(() => mul(p, q).sum().backward()).toThrow("backward: the parameter 'p' belongs to SGD.step()");
  expect(gradOf(q)).toEqual([3, 4]);
  await step;
});

it('a step that fails gives its parameters free, too', async () => {
  const p = given();
  const hook = {
    name: 'broken',
    apply: () => {
      throw new Error('no');
    },
  };
  await expect(new SGD([p], { lr: 1, hooks: [hook] }).step()).rejects.toThrow('no');
  p.grad = null;
});

it('PerExampleClipping holds its parameters while it adds an example', async () => {
  const p = new Parameter(tensor([1, 2]), 'p');
  const clipping = new PerExampleClipping([p], { maxNorm: 1 });
  const adding = clipping.add(() => lossOf(p));
  expect(() => lossOf(p).backward()).toThrow('belongs to PerExampleClipping.add(), which has not finished');
  await adding;
  clipping.finish();
});

it('two clips of parts that share nothing run side by side', async () => {
  const [p, q] = [given('p'), given('q')];
  expect(await Promise.all([clipGradNorm([p], 1), clipGradNorm([q], 1), totalNorm([given()])])).toEqual([
    5, 5, 5,
  ]);
});

it('a report read from a step that was not awaited names the await', async () => {
  const optimizer = new SGD([given()], { lr: 1 });
  const report = optimizer.step() as unknown as { readonly normBefore: number; readonly skipped: string };
  expect(() => {
    const { normBefore } = report;
    return normBefore;
  }).toThrow(
    'Optimizer.step: normBefore is known once the step has finished; await it: const { normBefore } = await optimizer.step()',
  );
  expect(() => report.skipped).toThrow('Optimizer.step: skipped is known once the step has finished');
  expect(report).toBeInstanceOf(Promise);
  expect((await (report as unknown as ReturnType<SGD['step']>)).normBefore).toBe(5);
});
