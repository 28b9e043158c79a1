import { describe, expect, it } from 'vitest';
import { runHook } from '../../src/clip/run-hooks.js';
import { NormMeter } from '../../src/extend.js';
import {
  Adam,
  clipByGlobalNorm,
  clipByTensorNorm,
  clipGradNorm,
  clipGradValue,
  type GradientHook,
  Gradients,
  Parameter,
  SGD,
  totalNorm,
} from '../../src/index.js';
import { worstError } from '../golden/load.js';
import { expectGrads, golden, goldenTensor, type Nested, withGrad } from './golden-cases.js';
import { context, gradientsOf } from './support.js';

describe('clipGradNorm agrees with PyTorch', () => {
  it.each([
    'l2_multi_tensor',
    'l2_multi_tensor_2d',
    'l2_below_threshold_identity',
    'l2_norm_equals_threshold_eps_shrinks',
    'p1',
    'p3',
    'p_half',
    'p_inf',
    'zero_gradient',
    'tiny_threshold',
    'tiny_grads_eps_dominates',
    'max_norm_zero',
    'inf_element',
    'nan_element_poisons_all',
    'missing_grad_skipped',
  ])('%s', async (name) => {
    const { inputs, params, expected } = golden(name);
    const parameters = inputs.grads.map((grad) =>
      grad === null ? new Parameter(goldenTensor([0])) : withGrad(grad, inputs.dtype),
    );
    const normType = Number(params.norm_type ?? 2);
    const norm = await clipGradNorm(parameters, params.max_norm!, { normType });
    expect(worstError([norm], [expected.total_norm])).toBeLessThan(1e-9);
    expectGrads(parameters, expected.grads);
  });

  it('errorIfNonfinite throws, names the parameter, and leaves every gradient', async () => {
    const { inputs, expected } = golden('error_if_nonfinite_throws_and_leaves_grads');
    const parameters = inputs.grads.map((grad) => withGrad(grad!));
    await expect(clipGradNorm(parameters, 1, { errorIfNonfinite: true })).rejects.toThrow(
      'clipGradNorm: gradient of parameter 0 is not finite',
    );
    expectGrads(parameters, expected.grads, 0.5);
  });

  it('counts a parameter listed twice once, where PyTorch inflates the norm and scales twice', async () => {
    const { inputs, expected } = golden('tied_parameter_listed_twice');
    const tied = withGrad(inputs.grads[0]!);
    const better = expected.deduplicated as unknown as { total_norm: number; grad: number[] };
    expect(await clipGradNorm([tied, tied], 1)).toBeCloseTo(better.total_norm, 12);
    expectGrads([tied], [better.grad]);
  });

  it('keeps the true norm where the square overflows float32, where PyTorch zeroes the update', async () => {
    const { inputs, expected } = golden('float32_finite_overflow_zeroes');
    expect(expected.total_norm).toBe('Infinity');
    const parameters = inputs.grads.map((grad) => withGrad(grad!, 'float32'));
    const norm = await clipGradNorm(parameters, 1);
    expect(norm / (Math.sqrt(3) * 1e20)).toBeCloseTo(1, 6);
    expectGrads(parameters, [[0.57735027, 0.57735027, 0.57735027], [1 / 1.7320508e20]], 1e-6);
    expect(await totalNorm(parameters)).toBeCloseTo(1, 6);
  });

  it('of the largest magnitude is right there, too', async () => {
    const { inputs, expected } = golden('float32_same_grads_p_inf_ok');
    const parameters = inputs.grads.map((grad) => withGrad(grad!, 'float32'));
    const norm = await clipGradNorm(parameters, 1, { normType: Number.POSITIVE_INFINITY });
    expect(norm / Number(expected.total_norm)).toBeCloseTo(1, 6);
    expectGrads(parameters, expected.grads, 1e-6);
    expect(parameters[1].grad!.item() / 1e-20).toBeCloseTo(1, 6);
  });

  it('refuses an empty list, of which PyTorch says 0', async () => {
    expect(golden('empty_parameter_list').expected.total_norm).toBe(0);
    await expect(clipGradNorm([], 1)).rejects.toThrow('clipGradNorm: needs at least one parameter, got none');
  });

  it('refuses a negative threshold, by which PyTorch climbs', async () => {
    const { inputs, params, expected } = golden('negative_max_norm_flips_sign');
    expect((expected.grads as number[][])[0][0]).toBeLessThan(0);
    const parameters = inputs.grads.map((grad) => withGrad(grad!));
    await expect(clipGradNorm(parameters, params.max_norm!)).rejects.toThrow('maxNorm must be a number ≥ 0');
    expectGrads(parameters, inputs.grads, 1e-300);
  });

  it('refuses p = 0, which PyTorch gives three meanings', async () => {
    const { inputs, params } = golden('p0_quirk_counts_tensors');
    const parameters = inputs.grads.map((grad) => withGrad(grad!));
    const normType = Number(params.norm_type);
    await expect(clipGradNorm(parameters, 1, { normType })).rejects.toThrow('normType must be a number > 0');
  });

  it('clips a sum of micro-batches once', async () => {
    const { inputs, expected } = golden('accumulation_clip_once_vs_each_microbatch');
    const parameter = new Parameter(goldenTensor([0, 0]));
    for (const micro of inputs.micro_grads as Nested[]) parameter.accumulateGrad(goldenTensor(micro));
    await clipGradNorm([parameter], 1);
    expectGrads([parameter], [expected.clip_once_correct!]);
  });
});

describe('clipGradValue agrees with PyTorch', () => {
  it('bounds ±∞, passes NaN, counts what was outside', async () => {
    const { inputs, params, expected } = golden('value_clip_with_nonfinite');
    const parameters = inputs.grads.map((grad) => withGrad(grad!));
    expect(await clipGradValue(parameters, params.clip_value!)).toBe(expected.clipped_count);
    expectGrads(parameters, expected.grads);
  });
});

describe('hooks agree with the reference', () => {
  it('clipByTensorNorm with and without eps', async () => {
    const { inputs, expected } = golden('per_tensor_norm_clip');
    for (const [eps, key] of [
      [1e-6, 'grads_torch_eps'],
      [0, 'grads_keras_clipnorm_no_eps'],
    ] as const) {
      const parameters = inputs.grads.map((grad) => withGrad(grad!));
      const gradients = new Gradients(new NormMeter(parameters));
      await runHook(clipByTensorNorm(1, { eps }), gradients, context);
      expectGrads(parameters, expected[key] as Nested[]);
      if (eps === 0) expect(await gradients.norm()).toBeCloseTo(expected.resulting_global_norm as number, 12);
    }
  });

  it('clipByGlobalNorm without eps is exact at the threshold, and 0 / 0 stays 0 where Optax gives NaN', async () => {
    const { inputs, expected } = golden('optax_clip_by_global_norm');
    const clip = async (grads: readonly Nested[], maxNorm: number) => {
      const parameters = grads.map((grad) => withGrad(grad));
      await runHook(clipByGlobalNorm(maxNorm), new Gradients(new NormMeter(parameters)), context);
      return parameters;
    };
    expectGrads(await clip(inputs.grads as Nested[], 1), expected.grads);
    expectGrads(await clip(inputs.equal as Nested[], 5), expected.equal_grads as Nested[], 1e-300);
    expectGrads(await clip(inputs.zero as Nested[], 0), [[0, 0]], 1e-300);
  });
});

describe('clipByGlobalNorm agrees with Keras', () => {
  it('on finite gradients, and where it makes all NaN, throws or leaves it to its policy', async () => {
    const { inputs, params, expected } = golden('keras_global_clipnorm');
    const parameters = inputs.grads.map((grad) => withGrad(grad!));
    const { values } = await runHook(clipByGlobalNorm(params.clip_norm!), gradientsOf(parameters), context);
    expect(worstError([values.norm, values.scale], [13, expected.scale as number])).toBeLessThan(1e-12);
    expectGrads(parameters, expected.grads);
    const nonFinite = (inputs.grads_nonfinite as Nested[]).map((grad) => withGrad(grad));
    const clip = async () => runHook(clipByGlobalNorm(1), gradientsOf(nonFinite), context);
    await expect(clip()).rejects.toThrow('clipByGlobalNorm: gradient of parameter 0 is not finite');
  });
});

describe('clipping meets an optimizer as in PyTorch', () => {
  const clip = clipByGlobalNorm(1, { eps: 1e-6 });

  it('weight decay is added after clipping', async () => {
    const { inputs, expected } = golden('sgd_weight_decay_order');
    const parameter = new Parameter(goldenTensor(inputs.param!));
    parameter.grad = goldenTensor(inputs.grad!);
    await new SGD([parameter], { lr: 0.1, weightDecay: 0.1, hooks: [clip] }).step();
    const want = expected.clip_then_coupled_wd_pytorch as number[];
    expect(worstError(parameter.value.data(), want)).toBeLessThan(1e-12);
  });

  it.each([
    ['constant_grads', [], 'constant_unclipped'],
    ['constant_grads', [clip], 'constant_clipped'],
    ['spike_grads', [], 'spike_unclipped'],
    ['spike_grads', [clip], 'spike_clipped'],
  ] as const)('Adam on %s with %s', async (grads, hooks, key) => {
    const { inputs, expected } = golden('adam_constant_clip_is_noop_spike_is_not');
    const parameter = new Parameter(goldenTensor(inputs.param!));
    const optimizer = new Adam([parameter], { lr: 0.1, hooks });
    for (const grad of inputs[grads] as Nested[]) {
      parameter.grad = goldenTensor(grad);
      await optimizer.step();
    }
    expect(worstError(parameter.value.data(), expected[key] as number[])).toBeLessThan(1e-9);
  });

  it('gradients of a scaled loss are clipped once they are un-scaled', async () => {
    const { inputs, params, expected } = golden('loss_scale_unscale_then_clip');
    const scale = inputs.loss_scale as number;
    const unscale: GradientHook = {
      name: 'unscale',
      apply: (gradients) => {
        gradients.scale(1 / scale);
        return { scale };
      },
    };
    const parameter = new Parameter(goldenTensor([0, 0]));
    parameter.grad = goldenTensor(inputs.true_grad!).mul(scale);
    const hooks = [unscale, clipByGlobalNorm(params.max_norm!, { eps: 1e-6 })];
    await new SGD([parameter], { lr: 1, hooks }).step();
    expectGrads([parameter], [expected.unscale_then_clip_correct!]);
  });
});
