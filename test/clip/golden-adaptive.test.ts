import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runHook } from '../../src/clip/run-hooks.js';
import {
  adaGC,
  autoClip,
  clipByBlockRms,
  clipUnitwise,
  type GradientHook,
  type HookReport,
  type Parameter,
  zClip,
} from '../../src/index.js';
import { worstError } from '../golden/load.js';
import { cases, expectGrads, golden, goldenTensor, type Nested, withGrad } from './golden-cases.js';
import { context, gradientsOf, norm2 } from './support.js';

const eps = 1e-6;

/** Norms after the hook, and what it said, for one gradient of these norms after another. */
async function norms(hook: GradientHook, name: string): Promise<{ after: number[]; said: HookReport[] }> {
  const inputs = golden(name).inputs as unknown as { grad_direction: number[]; norms: number[] };
  const [after, said]: [number[], HookReport[]] = [[], []];
  for (const norm of inputs.norms) {
    const parameter = withGrad(inputs.grad_direction.map((x) => x * norm));
    said.push(await runHook(hook, gradientsOf([parameter]), context));
    after.push(norm2(parameter.grad!.data()));
  }
  return { after, said };
}

function list(name: string, key: string): (number | null)[] {
  return golden(name).expected[key] as unknown as (number | null)[];
}

describe('zClip agrees with the published code', () => {
  const options = { decay: 0.97, warmup: 5, maxNorm: Number.POSITIVE_INFINITY, eps };
  it.each([
    ['zclip_zscore_adaptive_scaling', { ...options }],
    ['zclip_zscore_mean', { ...options, mode: 'mean' }],
    ['zclip_percentile', { ...options, mode: 'percentile' }],
    ['zclip_zscore_adaptive_scaling_maxnorm1_skip', { ...options, maxNorm: 1, learnSpikes: false }],
  ] as const)('%s', async (name, settings) => {
    const hook = zClip(2.5, settings);
    const { said, after } = await norms(hook, name);
    expect(worstError(after, list(name, 'norm_out').map(Number))).toBeLessThan(1e-9);
    const [means, variances] = [list(name, 'mean'), list(name, 'var')];
    // A report tells what a step was judged by: what the step before left.
    for (const [i, { values }] of said.slice(1).entries()) {
      const { mean, sigma } = values;
      if (means[i] === null) expect(mean).toBeUndefined();
      else expect(worstError([mean, sigma ** 2], [means[i], variances[i]!])).toBeLessThan(1e-9);
    }
    const [mean, sigma] = (hook.state!() as { spread: number[] }).spread;
    expect(worstError([mean, sigma ** 2], [means.at(-1)!, variances.at(-1)!])).toBeLessThan(1e-9);
  });
});

it("autoClip agrees with NumPy's percentile and PyTorch's clipping", async () => {
  const { said, after } = await norms(autoClip(10, { eps }), 'autoclip_p10');
  const thresholds = said.map(({ values }) => values.threshold);
  expect(worstError(thresholds, list('autoclip_p10', 'thresholds').map(Number))).toBeLessThan(1e-12);
  expect(worstError(after, list('autoclip_p10', 'norm_out').map(Number))).toBeLessThan(1e-9);
});

it("adaGC agrees with the paper's form", async () => {
  const { inputs, expected } = golden('adagc_two_tensors');
  // Its steps count from 1, and those below 3 are the warm-up.
  const hook = adaGC(1.05, { warmup: 2, maxNorm: 1, decay: 0.98, eps: 1e-8 });
  for (const [step, grads] of (inputs.grads_per_step as unknown as Nested[][]).entries()) {
    const parameters = grads.map((grad) => withGrad(grad));
    await runHook(hook, gradientsOf(parameters), context);
    const before = grads.map((grad) => norm2(grad as number[]));
    const scales = parameters.map(({ grad }, i) => norm2(grad!.data()) / before[i]);
    const want = (key: string) => (expected[key] as number[][])[step];
    expect(worstError(scales, want('scale_per_step'))).toBeLessThan(1e-9);
    const { averages } = hook.state!() as { averages: Record<string, number> };
    expect(worstError(Object.values(averages), want('gamma_per_step'))).toBeLessThan(1e-9);
  }
});

it("clipByBlockRms agrees with Optax' formula", async () => {
  const { inputs, params, expected } = golden('block_rms_clip');
  const parameters = inputs.grads.map((grad) => withGrad(grad!));
  await runHook(clipByBlockRms(params.threshold!), gradientsOf(parameters), context);
  expectGrads(parameters, expected.grads);
});

describe('clipUnitwise agrees with', () => {
  const clipped = async (name: string, hook: GradientHook): Promise<Parameter[]> => {
    const { inputs } = golden(name);
    const parameters = inputs.grads.map((grad, i) => {
      const parameter = withGrad(grad!);
      parameter.assign(goldenTensor((inputs.params as Nested[])[i]));
      return parameter;
    });
    await runHook(hook, gradientsOf(parameters), context);
    return parameters;
  };

  it.each([
    ['agc_timm_unitwise_rows', 'rows'],
    ['agc_optax_unitwise_columns', 'columns'],
  ] as const)('%s', async (name, units) => {
    const parameters = await clipped(name, clipUnitwise(0.01, { units }));
    expectGrads(parameters, golden(name).expected.grads);
  });
});

/** Vectors that no test uses, and why. */
const unused: Readonly<Record<string, string>> = {};

it('every vector is used by a test here, or a reason stands why not', () => {
  const folder = new URL('.', import.meta.url);
  const tests = readdirSync(folder)
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))
    .filter((text) => text.includes('golden'))
    .join('\n');
  const silent = [...cases.keys()].filter((name) => !tests.includes(`'${name}'`));
  expect(cases.size).toBe(44);
  expect(silent.toSorted()).toEqual(Object.keys(unused).toSorted());
});
