/** Attention and the Transformer block, against PyTorch (whose cases are batch-first), differences, and causality. */

import { describe, expect, it } from 'vitest';
import { backendNamed } from '../../src/extend.js';
import {
  gradcheck,
  type Module,
  normal,
  Random,
  ShapeError,
  type Tensor,
  type Variable,
  variable,
  zeros,
} from '../../src/index.js';
import { fromPyTorch, MultiheadAttention, TransformerBlock } from '../../src/nn/index.js';
import { goldenTensor, worstError } from '../golden/load.js';
import { EXACT, expectGolden, golden, gradOf } from './golden.js';

type Attending = Module & { forward(x: Variable | Tensor): Variable };

const attention = (options: object = EXACT): Attending =>
  new MultiheadAttention(8, 2, { random: new Random(1), causal: true, ...options });
const block = (options: object = EXACT): Attending =>
  new TransformerBlock(8, 2, { random: new Random(1), feedForward: 16, ...options });

describe.each([
  ['multiheadAttention/causal', attention],
  ['transformerBlock/preNorm,gelu,causal', block],
] as const)('%s agrees with PyTorch', (name, make) => {
  const { state, inputs, outputs, grads } = golden(name);
  const tensors = Object.fromEntries(
    Object.entries(state!).map(([key, value]) => [key, goldenTensor(value)]),
  );
  const expected = Object.fromEntries(
    Object.entries(grads).map(([key, value]) => [key, goldenTensor(value)]),
  );

  function run(layer: Attending, place: (x: Tensor) => Tensor): { x: Variable; y: Variable } {
    layer.loadStateDict(fromPyTorch(layer, tensors));
    const x = variable(place(goldenTensor(inputs.x)));
    const y = layer.forward(x.transpose([1, 0, 2])).transpose([1, 0, 2]);
    y.backward({ grad: place(goldenTensor(inputs['cotangent.y'])) });
    return { x, y };
  }

  it('in outputs and every gradient', () => {
    const layer = make();
    const { x, y } = run(layer, (value) => value);
    expectGolden(y.value, outputs.y);
    expectGolden(gradOf(x), grads.x);
    const { x: _, ...ofParameters } = expected;
    const want = fromPyTorch(layer, ofParameters);
    const parameters = layer.namedParameters();
    expect(parameters.size).toBe(Object.keys(ofParameters).length);
    for (const [path, { grad }] of parameters) {
      expect(grad!.shape).toEqual(want[path].shape);
      expect(worstError(grad!.data(), [...want[path].data()])).toBeLessThan(1e-9);
    }
  });

  it('to float32 rounding on simd', () => {
    const layer = make({});
    const { x, y } = run(layer, (value) => value.to('float32', backendNamed('simd')));
    expect(y.value.backend.name).toBe('simd');
    expect(worstError(y.value.data(), outputs.y.data)).toBeLessThan(4e-6);
    expect(worstError(gradOf(x).data(), grads.x.data)).toBeLessThan(4e-6);
    const { x: _, ...ofParameters } = expected;
    const want = fromPyTorch(layer, ofParameters);
    for (const [path, { grad }] of layer.namedParameters())
      expect(worstError(grad!.data(), [...want[path].data()])).toBeLessThan(4e-6);
  });
});

describe.each([
  ['MultiheadAttention', attention],
  ['TransformerBlock', block],
] as const)('%s', (name, make) => {
  const x = normal([5, 2, 8], new Random(3), 0, 1, EXACT);

  it.each([true, false])('has the derivatives that differences have, causal: %s', (causal) => {
    const layer = make({ ...EXACT, causal });
    expect(gradcheck((v) => layer.forward(v), [x.slice([[0, 3]])])).toBeLessThan(1e-7);
  });

  it('lets no position see a later one where it is causal, and all where it is not', () => {
    for (const causal of [true, false]) {
      const layer = make({ ...EXACT, causal });
      const whole = layer.forward(x).value;
      const first = layer.forward(x.slice([[0, 3]])).value;
      const worst = worstError(first.data(), [...whole.slice([[0, 3]]).data()]);
      if (causal) expect(worst).toBeLessThan(1e-12);
      else expect(worst).toBeGreaterThan(1e-3);
    }
  });

  it('keeps sequences of a batch apart', () => {
    const layer = make();
    const whole = layer.forward(x).value.slice([null, [1, 2]]);
    const alone = layer.forward(x.slice([null, [1, 2]])).value;
    expect(worstError(alone.data(), [...whole.data()])).toBeLessThan(1e-12);
  });

  it('drops in training what it keeps after eval, the same for the same seed', () => {
    const values = (layer: Attending): number[] => [...layer.forward(x).value.data()];
    const plain = values(make());
    const layer = make({ ...EXACT, dropout: 0.5 });
    const trained = values(layer);
    expect(trained).not.toEqual(plain);
    expect(values(make({ ...EXACT, dropout: 0.5 }))).toEqual(trained);
    expect(values(layer.eval())).toEqual(plain);
  });

  it('refuses what is no sequence of its size', () => {
    const layer = make();
    expect(() => layer.forward(zeros([4, 8], EXACT))).toThrow(ShapeError);
    expect(() => layer.forward(zeros([0, 2, 8], EXACT))).toThrow('at least one time step, got [0, 2, 8]');
    const axis = name === 'TransformerBlock' ? 'LayerNorm' : 'MultiheadAttention';
    expect(() => layer.forward(zeros([4, 2, 6], EXACT))).toThrow(`${axis}: the last axis of x must be`);
  });
});

it('attention refuses heads that do not divide its width', () => {
  const random = new Random(1);
  expect(() => new MultiheadAttention(8, 3, { random })).toThrow(
    'MultiheadAttention: embed must be a multiple of heads, got 8 and 3',
  );
  expect(() => new MultiheadAttention(8, 0, { random })).toThrow('heads must be an integer ≥ 1, got 0');
  expect(() => new TransformerBlock(8, 2, { random, feedForward: 0 })).toThrow('feedForward must be');
});

it('attention starts as in PyTorch: Xavier uniform for the three maps together, biases zero', () => {
  const layer = new MultiheadAttention(64, 4, { random: new Random(1) });
  const values = [...layer.inProjWeight.value.data()];
  const bound = Math.sqrt(6 / (4 * 64));
  expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
  const variance = values.reduce((sum, w) => sum + w * w, 0) / values.length;
  expect(variance / (bound ** 2 / 3)).toBeCloseTo(1, 1);
  expect(new Set(layer.inProjBias.value.data())).toEqual(new Set([0]));
  expect(new Set(layer.outProj.bias!.value.data())).toEqual(new Set([0]));
});
