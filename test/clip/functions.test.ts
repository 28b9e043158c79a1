import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  clipGradNorm,
  clipGradValue,
  Linear,
  type Parameter,
  PerExampleClipping,
  Random,
  totalNorm,
} from '../../src/index.js';
import { countLaunches, gradOf, norm2, parameterWith } from './support.js';

const pair = () => [parameterWith([3, 4], { name: 'a' }), parameterWith([12], { name: 'b' })];

afterEach(() => {
  vi.restoreAllMocks();
});

describe('clipGradNorm, clipGradValue, totalNorm', () => {
  it('take any iterable, a generator once', async () => {
    const parameters = pair();
    const generate = function* () {
      yield* parameters;
    };
    expect(await totalNorm(generate())).toBe(13);
    expect(await totalNorm(new Set(parameters), 1)).toBe(19);
    expect(await clipGradNorm(generate(), 6.5)).toBe(13);
    expect(norm2(...parameters.map(gradOf))).toBeCloseTo(6.5, 5);
    expect(await clipGradValue(generate(), 1)).toBe(3);
    expect(parameters.map(gradOf)).toEqual([[1, 1], [1]]);
  });

  it('refuse a model, an unknown option, and a bare third number', async () => {
    const model = new Linear(2, 1, { random: new Random(1) });
    const params = model as unknown as Iterable<Parameter>;
    const rule = 'takes a list of Parameters, got a Linear; pass model.parameters()';
    await expect(clipGradNorm(params, 1)).rejects.toThrow(`clipGradNorm: ${rule}`);
    await expect(totalNorm(params)).rejects.toThrow(`totalNorm: ${rule}`);
    await expect(clipGradValue(params, 1)).rejects.toThrow(`clipGradValue: ${rule}`);
    expect(() => new PerExampleClipping(params, { maxNorm: 1 })).toThrow(`PerExampleClipping: ${rule}`);
    await expect(clipGradNorm(pair(), 1, 1 as unknown as object)).rejects.toThrow(
      'clipGradNorm: third argument is an object of options, got 1; write { normType: 1 }',
    );
    const misspelt = { norm_type: 1 } as object;
    await expect(clipGradNorm(pair(), 1, misspelt)).rejects.toThrow("the nearest is 'normType'");
    await expect(totalNorm(pair(), 2, misspelt)).rejects.toThrow("totalNorm: there is no option 'norm_type'");
  });

  it('refuse an empty list and an exhausted generator, which would clip nothing without a word', async () => {
    const exhausted = pair().values();
    for (const _ of exhausted);
    const message =
      'needs at least one parameter, got none; pass model.parameters() (an iterator is empty the second time)';
    for (const none of [[], exhausted]) {
      await expect(totalNorm(none)).rejects.toThrow(`totalNorm: ${message}`);
      await expect(clipGradNorm(none, 1)).rejects.toThrow(`clipGradNorm: ${message}`);
      await expect(clipGradValue(none, 1)).rejects.toThrow(`clipGradValue: ${message}`);
    }
    expect(() => new PerExampleClipping([], { maxNorm: 1 })).toThrow(`PerExampleClipping: ${message}`);
  });

  it('find nothing to do for parameters without gradients', async () => {
    const none = [parameterWith(null, { size: 2 })];
    expect([await totalNorm(none), await clipGradNorm(none, 1), await clipGradValue(none, 1)]).toEqual([
      0, 0, 0,
    ]);
  });

  it('count tied parameters once', async () => {
    const [a, b] = pair();
    expect(await totalNorm([a!, b!, a!])).toBe(13);
    expect(await clipGradNorm([a!, b!, a!], 6.5, { eps: 0 })).toBe(13);
    expect([gradOf(a!), gradOf(b!)]).toEqual([[1.5, 2], [6]]);
  });

  it('return the norm before; below the threshold no bit changes', async () => {
    const parameters = pair();
    expect(await clipGradNorm(parameters, 13.1)).toBe(13);
    expect(await clipGradNorm(parameters, Number.POSITIVE_INFINITY)).toBe(13);
    expect(parameters.map(gradOf)).toEqual([[3, 4], [12]]);
    expect(await clipGradNorm(parameters, 3, { normType: Number.POSITIVE_INFINITY, eps: 0 })).toBe(12);
    expect(parameters.map(gradOf)).toEqual([[0.75, 1], [3]]);
  });

  it('at Infinity leave NaN gradients as they are', async () => {
    const parameter = parameterWith([Number.NaN, 1]);
    expect(await clipGradNorm([parameter], Number.POSITIVE_INFINITY)).toBeNaN();
    expect(await clipGradValue([parameter], Number.POSITIVE_INFINITY)).toBe(0);
    expect(gradOf(parameter)).toEqual([Number.NaN, 1]);
  });

  it('refuse what makes no sense, before anything changes', async () => {
    const parameters = [...pair(), parameterWith([Number.NaN], { name: 'c' })];
    const wrong: [Promise<unknown>, string][] = [
      [clipGradNorm(parameters, -1), 'clipGradNorm: maxNorm must be a number ≥ 0, got -1'],
      [clipGradNorm(parameters, Number.NaN), 'got NaN'],
      [
        clipGradNorm(parameters, 1, { normType: 0 }),
        'clipGradNorm: normType must be a number > 0 or Infinity, got 0',
      ],
      [clipGradNorm(parameters, 1, { eps: -1 }), 'clipGradNorm: eps must be a finite number ≥ 0, got -1'],
      [clipGradValue(parameters, -1), 'clipGradValue: maxValue must be a number ≥ 0'],
      [totalNorm(parameters, -2), 'totalNorm: normType must be a number > 0 or Infinity, got -2'],
      [
        clipGradNorm(parameters, 1, { errorIfNonfinite: true }),
        'clipGradNorm: gradient of c is not finite; fix its cause, or leave out errorIfNonfinite',
      ],
    ];
    for (const [promise, message] of wrong) await expect(promise).rejects.toThrow(message);
    expect(parameters.map(gradOf)).toEqual([[3, 4], [12], [Number.NaN]]);
  });

  it('keep their kernels, in a loop that measures the whole and a part by turns', async () => {
    const model = new Linear(3, 2, { random: new Random(1), backend: 'reference' });
    const parameters = model.parameters();
    model
      .forward(parameterWith([1, 2, 3]).value.reshape([1, 3]))
      .sum()
      .backward();
    const call = async () => [await totalNorm(parameters), await totalNorm(parameters.slice(0, 1))];
    const first = await call();
    const count = countLaunches();
    for (let k = 0; k < 5; k++) expect(await call()).toEqual(first);
    const compiled = count.compiled();
    expect(count.launches()).toBe(10);
    await call();
    expect(count.compiled()).toBe(compiled);
  });
});
