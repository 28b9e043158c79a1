import { describe, expect, it } from 'vitest';
import { clipSpecForms } from '../../src/clip/index.js';
import { runHook } from '../../src/clip/run-hooks.js';
import { type GradientHook, parseClipSpec } from '../../src/index.js';
import { context, gradientsOf, gradOf, norm2, parameterWith } from './support.js';

async function clipped(spec: string, grads: readonly (readonly number[])[]): Promise<number[][]> {
  const parameters = grads.map((grad) => parameterWith(grad));
  for (const hook of parseClipSpec(spec).make() as readonly GradientHook[])
    await runHook(hook, gradientsOf(parameters), context);
  return parameters.map(gradOf);
}

const grads = [[3, 4], [-12]] as const;

describe('parseClipSpec', () => {
  it('none has no hook and no threshold', () => {
    const none = parseClipSpec('none');
    expect([none.text, none.make(), none.threshold]).toEqual(['none', [], null]);
    expect([none.code, none.functions, parseClipSpec('None').text]).toEqual(['', [], 'none']);
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
    ['tensor-norm:1', null],
    ['tensor-norm:1:p=1', null],
  ])('%s is one hook; it bounds the 2-norm by %s', (text, threshold) => {
    const spec = parseClipSpec(text);
    expect([spec.text, spec.make().length, spec.threshold]).toEqual([text, 1, threshold]);
  });

  it('means what it says', async () => {
    const norm = async (spec: string) => norm2(...(await clipped(spec, grads)));
    expect(await norm('none')).toBe(13);
    expect(await norm('norm:1')).toBeCloseTo(1, 6);
    expect(await norm('norm:1:eps=13')).toBeCloseTo(0.5, 6);
    expect(await norm('norm:inf')).toBe(13);
    expect(await clipped('norm:6:p=inf', grads)).toEqual([[1.5, 2], [-6]]);
    expect(await clipped('value:0.5', grads)).toEqual([[0.5, 0.5], [-0.5]]);
    expect((await clipped('tensor-norm:1', grads)).map((grad) => norm2(grad))).toEqual([
      expect.closeTo(1, 6),
      expect.closeTo(1, 6),
    ]);
    expect(await clipped('norm:1', [[Number.NaN, 1]])).toEqual([[Number.NaN, Number.NaN]]);
    expect(await clipped('norm:2:nonfinite=zero', [[Number.NaN, 1]])).toEqual([[0, 1]]);
    expect(await clipped('norm:2:nonfinite=skip', [[Number.NaN, 9]])).toEqual([[Number.NaN, 9]]);
    await expect(clipped('norm:2:nonfinite=throw', [[Number.NaN, 9]])).rejects.toThrow('is not finite');
  });

  it.each([
    ['group-norm:2', 'clipByGroupNorm', null],
    ['block-rms:2', 'clipByBlockRms', null],
    ['unitwise', 'clipUnitwise', null],
    ['unitwise:0.1:units=columns', 'clipUnitwise', null],
    ['auto-clip', 'autoClip', null],
    ['auto-clip:25:window=100', 'autoClip', null],
    ['z-clip', 'zClip', 1],
    ['z-clip:3:mode=mean:warmup=5:maxnorm=2', 'zClip', 2],
    ['z-clip::maxnorm=inf', 'zClip', null],
    ['ada-gc:1.1:warmup=10:maxnorm=3', 'adaGC', null],
    ['cap-norm-growth', 'capNormGrowth', null],
    ['spikes:100', 'clipSpikes', null],
    ['skip-spikes:4:window=50', 'skipSpikes', null],
    ['skip-non-finite:3', 'skipNonFinite', null],
  ])('%s is %s; it bounds the 2-norm by %s', (text, hook, threshold) => {
    const spec = parseClipSpec(text);
    expect([spec.make().map(({ name }) => name), spec.threshold]).toEqual([[hook], threshold]);
  });

  it.each([
    ['skip-non-finite+norm:1', ['skipNonFinite', 'clipByGlobalNorm'], 1],
    ['norm:1e+3+value:inf+norm:+20', ['clipByGlobalNorm', 'clipByValue', 'clipByGlobalNorm'], 20],
    ['value:1+tensor-norm:2:p=inf', ['clipByValue', 'clipByTensorNorm'], null],
  ])('%s is several hooks in this order; the least bound counts', (text, hooks, threshold) => {
    const spec = parseClipSpec(text);
    expect([spec.make().map(({ name }) => name), spec.threshold]).toEqual([hooks, threshold]);
  });

  it('tells what stands behind the rule from what stands before it', () => {
    const { make, threshold } = parseClipSpec('update-rms:0.5:eps=1e-8+norm:2');
    expect(make().map(({ name, stage = 'gradient' }) => [name, stage])).toEqual([
      ['clipUpdateByRms', 'update'],
      ['clipByGlobalNorm', 'gradient'],
    ]);
    expect(threshold).toBe(2);
  });

  it('gives amounts and options to the clipper, its published ones where none are written', async () => {
    const told = async (spec: string, grad: readonly number[]) => {
      const hook = parseClipSpec(spec).make()[0] as GradientHook;
      return (await runHook(hook, gradientsOf([parameterWith(grad)]), context)).values;
    };
    expect(await told('unitwise', [3, 4])).toMatchObject({ threshold: 0.01, clippedUnits: 1 });
    expect(await told('unitwise:0.5', [3, 4])).toMatchObject({ threshold: 0.5 });
    expect(await told('z-clip', [3, 4])).toMatchObject({ threshold: 1, scale: 0.2 });
    expect(await told('z-clip:9:maxnorm=2', [3, 4])).toMatchObject({ threshold: 2 });
    expect(await told('z-clip', [Number.NaN])).toMatchObject({ norm: Number.NaN });
    await expect(told('auto-clip:10:nonfinite=throw', [Number.NaN])).rejects.toThrow('autoClip: gradient of');
    const streak = parseClipSpec('skip-non-finite:0').make()[0] as GradientHook;
    const skip = async () => runHook(streak, gradientsOf([parameterWith([Number.NaN])]), context);
    await expect(skip()).rejects.toThrow('skipNonFinite');
  });

  const unknown = (word: string, meant: string) =>
    `no clipper is called '${word}'; did you mean ${meant}? It must be one of ${clipSpecForms().join(', ')}`;
  const normOptions = 'options are p=…, eps=…, nonFinite=…';
  const rule = 'must be a number ≥ 0 (Infinity: measure only) or a schedule, got';
  it.each([
    ['', unknown('', 'norm (clipByGlobalNorm)')],
    ['nrom:1', unknown('nrom', 'norm (clipByGlobalNorm)')],
    ['none:1', unknown('none', 'norm (clipByGlobalNorm)')],
    ['agc', unknown('agc', 'unitwise (clipUnitwise)')],
    ['spam:5000', unknown('spam', 'spikes (clipSpikes)')],
    ['clip_grad_norm:1', unknown('clip_grad_norm', 'norm (clipByGlobalNorm)')],
    ['skip-spike', unknown('skip-spike', 'skip-spikes (skipSpikes)')],
    ['constructor:1', unknown('constructor', 'tensor-norm (clipByTensorNorm)')],
    ['__proto__:1', unknown('__proto__', 'cap-norm-growth (capNormGrowth)')],
    ['norm:1+', 'needs a number, as in norm:1'],
    ['norm:1+nothing', unknown('nothing', 'norm (clipByGlobalNorm)')],
    ['none+norm:1', unknown('none', 'norm (clipByGlobalNorm)')],
    ['norm', 'needs a number, as in norm:1'],
    ['norm:', 'needs a number, as in norm:1'],
    ['norm:-1', `maxNorm ${rule} -1`],
    ['norm:nan', 'needs a number, as in norm:1'],
    ['value:x', 'needs a number, as in value:0.5'],
    ['tensor-norm:', 'needs a number, as in tensor-norm:1'],
    ['update-rms:-1', `maxRms ${rule} -1`],
    ['z-clip:x', 'needs a number, as in z-clip or z-clip:NUMBER'],
    ['skip-non-finite:0.5', 'maxInARow must be an integer ≥ 0 or Infinity, got 0.5'],
    ['auto-clip:101', 'percentile must be a number from 0 to 100, got 101'],
    ['norm:1:q=2', `${normOptions}, not 'q=2'`],
    ['norm:1:p', `${normOptions}, not 'p'`],
    ['norm:1:p=', `${normOptions}, not 'p='`],
    ['norm:1:', `${normOptions}, not ''`],
    ['value:1:p=2', "takes no options, not 'p=2'"],
    ['z-clip:1:norm=2', "options are mode=…, warmup=…, maxNorm=…, nonFinite=…, not 'norm=2'"],
    ['z-clip:1:maxNorm=2:max-norm=3', 'maxNorm is given twice'],
    ['norm:1:p=0', 'p must be a number > 0 or Infinity, got 0'],
    ['norm:1:p=-1', 'p must be a number > 0 or Infinity, got -1'],
    ['norm:1:p=1=2', "p must be a number, got '1=2'"],
    ['norm:1:p=2:p=3', 'p is given twice'],
    ['tensor-norm:1:eps=inf', 'eps must be a finite number ≥ 0, got Infinity'],
    ['norm:1:eps=-1', 'eps must be a finite number ≥ 0, got -1'],
    ['norm:1:nonfinite=zeros', "nonFinite must be one of throw, skip, zero, propagate, got 'zeros'"],
    ['z-clip:1:mode=median', "mode must be one of adaptive, mean, percentile, got 'median'"],
  ])("'%s' is refused in one line", (text, problem) => {
    expect(() => parseClipSpec(text)).toThrow(new Error(`clip spec '${text}': ${problem}`));
  });

  it('lists forms that it takes', () => {
    for (const form of clipSpecForms()) expect(parseClipSpec(form).text).toBe(form);
  });

  it('tells the same in code', () => {
    const code = (spec: string) => parseClipSpec(spec).code;
    expect(code('norm:1')).toBe('clipByGlobalNorm(1)');
    expect(code('norm:1e-3:p=inf:nonfinite=skip')).toBe(
      "clipByGlobalNorm(0.001, { p: Infinity, nonFinite: 'skip' })",
    );
    expect(code('skip-non-finite+z-clip::maxNorm=inf')).toBe(
      'skipNonFinite(), zClip(undefined, { maxNorm: Infinity })',
    );
  });

  it('makes new hooks each time, for a clipper that remembers', () => {
    const spec = parseClipSpec('norm:1');
    expect(spec.make()[0]).not.toBe(spec.make()[0]);
  });
});
