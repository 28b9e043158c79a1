import { describe, expect, it } from 'vitest';
import { clipSpecForms, clipSpecWords } from '../../src/clip/index.js';
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
    expect((await clipped('per-tensor:1', grads)).map((grad) => norm2(grad))).toEqual([
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
    ['agc', 'clipUnitwise', null],
    ['agc:0.1:units=columns', 'clipUnitwise', null],
    ['autoclip', 'autoClip', null],
    ['autoclip:25:window=100', 'autoClip', null],
    ['zclip', 'zClip', 1],
    ['zclip:3:mode=mean:warmup=5:maxnorm=2', 'zClip', 2],
    ['zclip::maxnorm=inf', 'zClip', null],
    ['adagc:1.1:warmup=10:maxnorm=3', 'adaGC', null],
    ['growth', 'capNormGrowth', null],
    ['spam:100', 'clipSpikes', null],
    ['skip-spikes:4:window=50', 'skipSpikes', null],
    ['skip-nonfinite:3', 'skipNonFinite', null],
  ])('%s is %s; it bounds the 2-norm by %s', (text, hook, threshold) => {
    const spec = parseClipSpec(text);
    expect([spec.make().map(({ name }) => name), spec.threshold]).toEqual([[hook], threshold]);
  });

  it.each([
    ['skip-nonfinite+norm:1', ['skipNonFinite', 'clipByGlobalNorm'], 1],
    ['norm:1e+3+value:inf+norm:+20', ['clipByGlobalNorm', 'clipByValue', 'clipByGlobalNorm'], 20],
    ['value:1+per-tensor:2:p=inf', ['clipByValue', 'clipByNorm'], null],
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
    expect(await told('agc', [3, 4])).toMatchObject({ threshold: 0.01, clippedUnits: 1 });
    expect(await told('agc:0.5', [3, 4])).toMatchObject({ threshold: 0.5 });
    expect(await told('zclip', [3, 4])).toMatchObject({ threshold: 1, scale: 0.2 });
    expect(await told('zclip:9:maxnorm=2', [3, 4])).toMatchObject({ threshold: 2 });
    expect(await told('zclip', [Number.NaN])).toMatchObject({ norm: Number.NaN });
    await expect(told('autoclip:10:nonfinite=throw', [Number.NaN])).rejects.toThrow('autoClip: gradient of');
    const streak = parseClipSpec('skip-nonfinite:0').make()[0] as GradientHook;
    const skip = async () => runHook(streak, gradientsOf([parameterWith([Number.NaN])]), context);
    await expect(skip()).rejects.toThrow('skipNonFinite');
  });

  const forms = `must be one of ${clipSpecForms().join(', ')}`;
  const normOptions = 'options are p=…, eps=…, nonfinite=…';
  const rule = 'must be a number ≥ 0 (Infinity: measure only) or a schedule, got';
  it.each([
    ['', forms],
    ['nrom:1', forms],
    ['None', forms],
    ['none:1', forms],
    ['constructor:1', forms],
    ['__proto__:1', forms],
    ['norm:1+', 'needs a number, as in norm:1'],
    ['norm:1+nothing', forms],
    ['none+norm:1', forms],
    ['norm', 'needs a number, as in norm:1'],
    ['norm:', 'needs a number, as in norm:1'],
    ['norm:-1', `maxNorm ${rule} -1`],
    ['norm:nan', 'needs a number, as in norm:1'],
    ['value:x', 'needs a number, as in value:0.5'],
    ['per-tensor:', 'needs a number, as in per-tensor:1'],
    ['update-rms:-1', `maxRms ${rule} -1`],
    ['zclip:x', 'needs a number, as in zclip or zclip:NUMBER'],
    ['skip-nonfinite:0.5', 'limit must be an integer ≥ 0 or Infinity, got 0.5'],
    ['autoclip:101', 'percentile must be a number from 0 to 100, got 101'],
    ['norm:1:q=2', `${normOptions}, not 'q=2'`],
    ['norm:1:p', `${normOptions}, not 'p'`],
    ['norm:1:p=', `${normOptions}, not 'p='`],
    ['norm:1:', `${normOptions}, not ''`],
    ['value:1:p=2', "takes no options, not 'p=2'"],
    ['zclip:1:maxNorm=2', "options are mode=…, warmup=…, maxnorm=…, nonfinite=…, not 'maxNorm=2'"],
    ['norm:1:p=0', 'p must be a number > 0 or Infinity, got 0'],
    ['norm:1:p=-1', 'p must be a number > 0 or Infinity, got -1'],
    ['norm:1:p=1=2', "p must be a number, got '1=2'"],
    ['norm:1:p=2:p=3', 'p is given twice'],
    ['per-tensor:1:eps=inf', 'eps must be a finite number ≥ 0, got Infinity'],
    ['norm:1:eps=-1', 'eps must be a finite number ≥ 0, got -1'],
    ['norm:1:nonfinite=zeros', "nonFinite must be one of throw, skip, zero, propagate, got 'zeros'"],
    ['zclip:1:mode=median', "mode must be one of adaptive, mean, percentile, got 'median'"],
  ])("'%s' is refused in one line", (text, problem) => {
    expect(() => parseClipSpec(text)).toThrow(new Error(`clip spec '${text}': ${problem}`));
  });

  it('lists forms that it takes', () => {
    for (const form of clipSpecForms()) expect(parseClipSpec(form).text).toBe(form);
  });

  it('takes the function’s name for its word, with the same meaning', () => {
    for (const { form, function: made } of clipSpecWords()) {
      const [word, amount] = form.split(':');
      const [short, long] = [form, amount ? `${made}:${amount}` : made].map((text) => parseClipSpec(text));
      expect([word, short.make().map(({ name }) => name)]).toEqual([word, [made]]);
      expect([long.make().map(({ name }) => name), long.threshold]).toEqual([[made], short.threshold]);
    }
    expect(parseClipSpec('skipNonFinite+clipByGlobalNorm:2:p=2').make().length).toBe(2);
    expect(() => parseClipSpec('clipByGlobalNorm')).toThrow('needs a number, as in norm:1');
  });

  it('makes new hooks each time, for a clipper that remembers', () => {
    const spec = parseClipSpec('norm:1');
    expect(spec.make()[0]).not.toBe(spec.make()[0]);
  });
});
