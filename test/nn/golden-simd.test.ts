/** Every layer and loss that there are values of PyTorch for, in float32 on the simd backend: to float32 rounding. */

import { describe, expect, it } from 'vitest';
import { backendNamed } from '../../src/extend.js';
import {
  bceWithLogits,
  crossEntropy,
  Embedding,
  fromPyTorch,
  GRU,
  huberLoss,
  LayerNorm,
  Linear,
  LSTM,
  type Module,
  MultiheadAttention,
  mseLoss,
  Random,
  type RecurrentLayer,
  RecurrentStack,
  RNN,
  type Tensor,
  TransformerBlock,
  type Variable,
  variable,
} from '../../src/index.js';
import { type GoldenCase, type GoldenTensor, goldenTensor, loadGolden } from '../golden/load.js';

/** Some units in the last place of the largest number of a tensor, sums over a sequence among them. */
const ROUNDING = 5e-6;

type Tensors = Readonly<Record<string, GoldenTensor>>;

const { cases } = loadGolden<{ cases: GoldenCase[] }>('layers');
const random = new Random(1);

function single(golden: GoldenTensor): Tensor {
  return goldenTensor(golden).to('float32', backendNamed('simd'));
}

function expectNear(got: Tensor | null | undefined, want: Tensor, what: string): void {
  expect(got?.backend.name, what).toBe('simd');
  expect(got!.shape, what).toEqual(want.shape);
  const [a, b] = [got!.data(), want.data()];
  const scale = Math.max(1, ...b.map(Math.abs));
  expect(Math.max(...a.map((value, i) => Math.abs(value - b[i]))) / scale, what).toBeLessThan(ROUNDING);
}

/** A layer of a case, and what it computes from x: outputs by name, on which the case puts its cotangents. */
interface Made {
  readonly layer: Module;
  outputs(x: Variable): Readonly<Record<string, Variable>>;
}

function recurrent(layer: RecurrentLayer<unknown>): Made {
  const outputs = (x: Variable) => {
    const { output, last } = layer.forward(x);
    return { y: output, h: last };
  };
  return { layer, outputs };
}

function plain(layer: Module & { forward(x: Variable): Variable }): Made {
  return { layer, outputs: (x) => ({ y: layer.forward(x) }) };
}

/** PyTorch's cases of attention are batch-first. */
function attending(layer: Module & { forward(x: Variable): Variable }): Made {
  const swap = (x: Variable) => x.transpose([1, 0, 2]);
  return { layer, outputs: (x) => ({ y: swap(layer.forward(swap(x))) }) };
}

const layers: Readonly<Record<string, () => Made>> = {
  linear: () => plain(new Linear(4, 5, { random })),
  'linear/noBias': () => plain(new Linear(4, 5, { random, bias: false })),
  'rnn/tanh': () => recurrent(new RNN(4, 5, { random })),
  'rnn/relu': () => recurrent(new RNN(4, 5, { random, nonlinearity: 'relu' })),
  'rnn/2layers': () => recurrent(new RecurrentStack([new RNN(4, 5, { random }), new RNN(5, 5, { random })])),
  lstm: () => recurrent(new LSTM(4, 5, { random })),
  gru: () => recurrent(new GRU(4, 5, { random })),
  layerNorm: () => plain(new LayerNorm(5)),
  'multiheadAttention/causal': () => attending(new MultiheadAttention(8, 2, { random, causal: true })),
  'transformerBlock/preNorm,gelu,causal': () =>
    attending(new TransformerBlock(8, 2, { random, feedForward: 16 })),
};

const losses: Readonly<Record<string, (x: Variable, params: GoldenCase['params']) => Variable>> = {
  'crossEntropy/mean': (x, { targets }) => crossEntropy(x, targets as number[]),
  'crossEntropy/sum': (x, { targets }) => crossEntropy(x, targets as number[], { reduction: 'sum' }),
  'mse/mean': (x, { target }) => mseLoss(x, single(target as GoldenTensor)),
  'mse/sum': (x, { target }) => mseLoss(x, single(target as GoldenTensor), { reduction: 'sum' }),
  bceWithLogits: (x, { target }) => bceWithLogits(x, single(target as GoldenTensor)),
  huber: (x, { target, delta }) => huberLoss(x, single(target as GoldenTensor), { delta: delta as number }),
};

function tensorsOf(golden: Tensors): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(golden).map(([name, value]) => [name, goldenTensor(value)]));
}

it('covers every case', () => {
  const covered = [...Object.keys(layers), ...Object.keys(losses), 'embedding'];
  expect(cases.map(({ name }) => name).sort()).toEqual(covered.sort());
});

describe.each(cases.filter(({ name }) => name in layers))(
  '$name',
  ({ name, state, inputs, outputs, grads }) => {
    it('computes what PyTorch computes, and its gradients', () => {
      const { layer, outputs: compute } = layers[name]();
      layer.loadStateDict(fromPyTorch(layer, tensorsOf(state!)));
      const x = variable(single(inputs.x));
      const computed = compute(x);
      const terms = Object.entries(outputs).map(([key, value]) => {
        const all = computed[key].shape.length < value.shape.length ? value.shape.slice(-2) : value.shape;
        // PyTorch's h has the last state of every layer; ours is that of the top one.
        const top = (golden: GoldenTensor): Tensor => {
          const tensor = single(golden);
          const rows = tensor.shape.length > all.length ? tensor.shape[0] : 0;
          return rows > 0 ? tensor.slice([[rows - 1, rows]]).reshape(all) : tensor;
        };
        expectNear(computed[key].value, top(value), key);
        return computed[key].mul(top(inputs[`cotangent.${key}`])).sum();
      });
      const lower = name === 'rnn/2layers';
      terms.reduce((sum, term) => sum.add(term)).backward();
      // The cotangent of the lower layer's last state is not ours to give.
      if (lower) return;
      const { x: ofInput, ...ofParameters } = tensorsOf(grads);
      expectNear(x.grad, ofInput, 'x');
      const want = fromPyTorch(layer, ofParameters);
      for (const [path, { grad }] of layer.namedParameters()) {
        // Each of PyTorch's two biases has the gradient of our one; their sum is twice that.
        const both = path.endsWith('bias') && 'bias_ih_l0' in ofParameters && !(layer instanceof GRU);
        expectNear(grad, both ? want[path].mul(0.5) : want[path], path);
      }
    });
  },
);

describe.each(cases.filter(({ name }) => name in losses))(
  '$name',
  ({ name, params, inputs, outputs, grads }) => {
    it('computes what PyTorch computes, and its gradient', () => {
      const key = 'logits' in inputs ? 'logits' : 'x';
      const x = variable(single(inputs[key]));
      const loss = losses[name](x, params);
      loss.backward();
      expectNear(loss.value, goldenTensor(outputs.y), 'y');
      expectNear(x.grad, goldenTensor(grads[key]), key);
    });
  },
);

it('embedding', () => {
  const { state, inputs, outputs, grads } = cases.find(({ name }) => name === 'embedding')!;
  const layer = new Embedding(7, 5, { random });
  layer.loadStateDict(tensorsOf(state!));
  const y = layer.forward({ data: Int32Array.from(inputs.ids.data.map(Number)), shape: inputs.ids.shape });
  y.backward({ grad: single(inputs['cotangent.y']) });
  expectNear(y.value, goldenTensor(outputs.y), 'y');
  expectNear(layer.weight.grad, goldenTensor(grads.weight), 'weight');
});
