import { describe, expect, it } from 'vitest';
import {
  BatchNorm1d,
  fromPyTorch,
  SGD,
  scope,
  type Tensor,
  tensor,
  variable,
  zeros,
} from '../../src/index.js';
import { type GoldenTensor, goldenTensor, loadGolden, worstError } from '../golden/load.js';

interface Step {
  readonly name: 'train' | 'eval';
  readonly inputs: { readonly x: GoldenTensor };
  readonly outputs: { readonly y: GoldenTensor };
  readonly grads: { readonly x: GoldenTensor };
  readonly parameterGrads?: Readonly<Record<string, GoldenTensor>>;
  readonly buffers?: Readonly<Record<string, GoldenTensor>>;
}
interface BatchNormCase {
  readonly params: Readonly<Record<string, unknown>>;
  readonly state: Readonly<Record<string, GoldenTensor>>;
  readonly steps: readonly Step[];
}

const { batchNorms } = loadGolden<{ batchNorms: readonly BatchNormCase[] }>('modules');
const exact = { dtype: 'float64', backend: 'reference' } as const;

function layerOf({ params, state }: BatchNormCase): BatchNorm1d {
  const { track_running_stats: trackRunningStats = true, ...others } = params;
  const layer = new BatchNorm1d(3, { ...others, trackRunningStats: trackRunningStats as boolean, ...exact });
  const named = Object.entries(state).map(([name, value]) => [name, goldenTensor(value)]);
  layer.loadStateDict(fromPyTorch(layer, Object.fromEntries(named) as Record<string, Tensor>));
  return layer;
}

function expectNear(got: Tensor, want: GoldenTensor): void {
  expect(got.shape).toEqual(want.shape);
  expect(worstError(got.data(), want.data)).toBeLessThan(1e-9);
}

describe('BatchNorm1d agrees with PyTorch: three steps of training, then eval', () => {
  const titled = batchNorms.map(
    (entry) =>
      [`${JSON.stringify(entry.params)} on ${JSON.stringify(entry.steps[0].inputs.x.shape)}`, entry] as const,
  );
  it.each(titled)('%s', (_, entry) => {
    const layer = layerOf(entry);
    for (const { name, inputs, outputs, grads, parameterGrads = {}, buffers = {} } of entry.steps) {
      layer.train(name === 'train');
      for (const parameter of layer.parameters()) parameter.grad = null;
      const x = variable(goldenTensor(inputs.x));
      const y = layer.forward(x);
      expectNear(y.value, outputs.y);
      const last = y.size - 1;
      const factors = Array.from({ length: y.size }, (_each, i) => 0.5 + i / last);
      y.mul(tensor(factors, { shape: y.shape, ...exact }))
        .sum()
        .backward();
      expectNear(x.grad!, grads.x);
      for (const [parameter, want] of Object.entries(parameterGrads)) {
        expectNear(layer[parameter as 'weight']!.grad!, want);
      }
      for (const [buffer, want] of Object.entries(buffers)) {
        expectNear(fromState(layer, buffer), want);
      }
    }
  });

  function fromState(layer: BatchNorm1d, name: string): Tensor {
    const ours = name.replace(/_([a-z])/g, (_each, letter: string) => letter.toUpperCase());
    return layer.namedBuffers().get(ours)!.value;
  }
});

describe('BatchNorm1d', () => {
  it('keeps running statistics as buffers: no optimizer sees them, a scope does not take them', () => {
    const layer = new BatchNorm1d(2);
    expect([...layer.namedParameters().keys()]).toEqual(['weight', 'bias']);
    expect([...layer.namedBuffers().keys()]).toEqual(['runningMean', 'runningVar', 'numBatchesTracked']);
    expect(new SGD(layer.parameters(), { lr: 1 }).parameters.length).toBe(2);
    scope(() =>
      layer
        .forward(
          tensor([
            [1, 2],
            [3, 6],
          ]),
        )
        .sum()
        .item(),
    );
    expect(layer.runningMean!.value.toArray()).toEqual([expect.closeTo(0.2), expect.closeTo(0.4)]);
    expect(layer.numBatchesTracked!.value.item()).toBe(1);
    layer.eval().forward(tensor([[9, 9]]));
    expect(layer.numBatchesTracked!.value.item()).toBe(1);
  });

  it.each(['reference', 'simd'])('keeps the digits of numbers close together: %s', (backend) => {
    const layer = new BatchNorm1d(1, { backend });
    const y = layer.forward(tensor([[1e7], [1e7 + 1], [1e7 + 2], [1e7 + 3]], { backend }));
    expect([...y.value.data()].map((each) => each.toFixed(3))).toEqual([
      '-1.342',
      '-0.447',
      '0.447',
      '1.342',
    ]);
  });

  it.each<[string, () => unknown, string]>([
    [
      'a batch of one in training',
      () => new BatchNorm1d(2).forward(zeros([1, 2])),
      'BatchNorm1d: needs more than one element for each channel in training, got x [1, 2]',
    ],
    [
      'another number of channels',
      () => new BatchNorm1d(2).forward(zeros([3, 4])),
      'BatchNorm1d: x must be [batch, 2] or [batch, 2, length], got [3, 4]',
    ],
    [
      'a momentum above 1',
      () => new BatchNorm1d(2, { momentum: 2 }),
      'BatchNorm1d: momentum must be a number 0 … 1, got 2',
    ],
    [
      'an unknown option',
      () => new BatchNorm1d(2, { track_running_stats: false } as object),
      "the nearest is 'trackRunningStats'",
    ],
  ])('refuses %s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
