import { describe, expect, it } from 'vitest';
import { clipSpecForms, parseClipSpec } from '../../src/index.js';
import { context, gradientsOf, gradOf, norm2, parameterWith } from './support.js';

async function clipped(spec: string, grads: readonly (readonly number[])[]): Promise<number[][]> {
  const parameters = grads.map((grad) => parameterWith(grad));
  for (const hook of parseClipSpec(spec).hooks) await hook.apply(gradientsOf(parameters), context);
  return parameters.map(gradOf);
}

const grads = [[3, 4], [-12]] as const;

describe('parseClipSpec', () => {
  it('none has no hook and no threshold', () => {
    expect(parseClipSpec('none')).toEqual({ text: 'none', hooks: [], threshold: null });
  });

  it.each([
    ['norm:1', 1],
    ['norm:0', 0],
    ['norm:1e-3', 1e-3],
    ['norm:inf', null],
    ['norm:Infinity', null],
    ['norm:1:p=2', 1],
    ['norm:1:p=2.0', 1],
    ['norm:1:p=inf', null],
    ['norm:1:p=1:eps=1e-6', null],
    ['norm:1:nonfinite=skip', 1],
    ['value:0.5', null],
    ['per-tensor:1', null],
    ['per-tensor:1:p=1', null],
  ])('%s is one hook; it bounds the 2-norm by %s', (text, threshold) => {
    const spec = parseClipSpec(text);
    expect([spec.text, spec.hooks.length, spec.threshold]).toEqual([text, 1, threshold]);
  });

  it('means what it says', async () => {
    const norm = async (spec: string) => norm2(...(await clipped(spec, grads)));
    expect(await norm('none')).toBe(13);
    expect(await norm('norm:1')).toBeCloseTo(1, 6);
    expect(await norm('norm:1:eps=13')).toBeCloseTo(0.5, 6);
    expect(await norm('norm:inf')).toBe(13);
    expect(await clipped('norm:6:p=inf', grads)).toEqual([[1.5, 2], [-6]]);
    expect(await clipped('value:0.5', grads)).toEqual([[0.5, 0.5], [-0.5]]);
    expect((await clipped('per-tensor:1', grads)).map((grad) => norm2(grad))).toEqual([
      expect.closeTo(1, 6),
      expect.closeTo(1, 6),
    ]);
    expect(await clipped('norm:1', [[Number.NaN, 1]])).toEqual([[Number.NaN, Number.NaN]]);
    expect(await clipped('norm:2:nonfinite=zero', [[Number.NaN, 1]])).toEqual([[0, 1]]);
    expect(await clipped('norm:2:nonfinite=skip', [[Number.NaN, 9]])).toEqual([[Number.NaN, 9]]);
    await expect(clipped('norm:2:nonfinite=throw', [[Number.NaN, 9]])).rejects.toThrow('is not finite');
  });

  const forms = 'must be one of none, norm:1, value:0.5, per-tensor:1, norm:1:p=inf';
  const normOptions = 'options are p=…, eps=…, nonfinite=…';
  it.each([
    ['', forms],
    ['nrom:1', forms],
    ['None', forms],
    ['none:1', forms],
    ['constructor:1', forms],
    ['__proto__:1', forms],
    ['norm', 'needs a threshold ≥ 0, as in norm:1'],
    ['norm:', 'needs a threshold ≥ 0, as in norm:1'],
    ['norm:-1', 'needs a threshold ≥ 0, as in norm:1'],
    ['norm:nan', 'needs a threshold ≥ 0, as in norm:1'],
    ['value:x', 'needs a threshold ≥ 0, as in value:0.5'],
    ['per-tensor:', 'needs a threshold ≥ 0, as in per-tensor:1'],
    ['norm:1:q=2', `${normOptions}, not 'q=2'`],
    ['norm:1:p', `${normOptions}, not 'p'`],
    ['norm:1:p=', `${normOptions}, not 'p='`],
    ['norm:1:', `${normOptions}, not ''`],
    ['value:1:p=2', "takes no options, not 'p=2'"],
    ['norm:1:p=0', "p must be a number > 0 or inf, got '0'"],
    ['norm:1:p=-1', "p must be a number > 0 or inf, got '-1'"],
    ['norm:1:p=1=2', "p must be a number > 0 or inf, got '1=2'"],
    ['norm:1:p=2:p=3', 'p is given twice'],
    ['per-tensor:1:eps=inf', "eps must be a number ≥ 0, got 'inf'"],
    ['norm:1:eps=-1', "eps must be a number ≥ 0, got '-1'"],
    ['norm:1:nonfinite=zeros', "nonfinite must be one of throw, skip, zero, propagate, got 'zeros'"],
  ])("'%s' is refused in one line", (text, problem) => {
    expect(() => parseClipSpec(text)).toThrow(new Error(`clip spec '${text}': ${problem}`));
  });

  it('lists forms that it takes', () => {
    for (const form of clipSpecForms()) expect(parseClipSpec(form).text).toBe(form);
  });

  it('makes new hooks each time, for a clipper that remembers', () => {
    expect(parseClipSpec('norm:1').hooks[0]).not.toBe(parseClipSpec('norm:1').hooks[0]);
  });
});
