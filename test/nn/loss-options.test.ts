/** Options of losses, against PyTorch's values, and what they refuse. */

import { describe, expect, it } from 'vitest';
import {
  bceWithLogits,
  crossEntropy,
  huberLoss,
  type Ids,
  mseLoss,
  type Tensor,
  tensor,
  type Variable,
  variable,
  zeros,
} from '../../src/index.js';
import { type GoldenTensor, goldenTensor, loadGolden, worstError } from '../golden/load.js';

interface LossCase {
  readonly name: 'crossEntropy' | 'bceWithLogits';
  readonly params: {
    readonly targets: number[];
    readonly target: GoldenTensor;
    readonly options: Readonly<Record<string, unknown>>;
  };
  readonly inputs: { readonly x: GoldenTensor };
  readonly outputs: { readonly y: GoldenTensor };
  readonly grads: { readonly x: GoldenTensor };
}

const { losses } = loadGolden<{ losses: readonly LossCase[] }>('modules');

function optionsOf(options: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name,
      typeof value === 'object' ? goldenTensor(value as GoldenTensor) : value,
    ]),
  );
}

/** The factors that the script gives the elements of a result before it differentiates their sum. */
function factors(y: Tensor): Tensor {
  const last = Math.max(1, y.size - 1);
  return tensor(
    Array.from({ length: y.size }, (_, i) => 0.5 + i / last),
    { shape: y.shape, dtype: y.dtype, backend: y.backend.name },
  );
}

const titled = losses.map(
  (entry) => [`${entry.name} ${JSON.stringify(entry.params.options).slice(0, 70)}`, entry] as const,
);

describe('options of losses agree with PyTorch', () => {
  it.each(titled)('%s', (_, { name, params, inputs, outputs, grads }) => {
    const x = variable(goldenTensor(inputs.x));
    const options = optionsOf(params.options);
    const y: Variable =
      name === 'crossEntropy'
        ? crossEntropy(x, params.targets, options)
        : bceWithLogits(x, goldenTensor(params.target), options);
    expect(y.shape).toEqual(outputs.y.shape);
    expect(worstError(y.value.data(), outputs.y.data)).toBeLessThan(1e-9);
    y.mul(factors(y.value)).sum().backward();
    expect(worstError(x.grad!.data(), grads.x.data)).toBeLessThan(1e-9);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: the wrong types are what is tested
const loose = (value: unknown): any => value;
const x = zeros([2, 3]);

describe('losses refuse', () => {
  it.each<[string, () => unknown, string]>([
    [
      'a reduction by position',
      () => mseLoss(x, x, loose('sum')),
      "mseLoss: options must be an object with any of reduction, got the string 'sum'; write { reduction: 'sum' }",
    ],
    [
      'a delta by position',
      () => huberLoss(x, x, loose(0.5)),
      'huberLoss: options must be an object with any of delta, reduction, got the number 0.5; write { delta: 0.5 }',
    ],
    [
      'an unknown option',
      () => crossEntropy(x, [0, 1], loose({ ignore_idx: 0 })),
      "crossEntropy: there is no option 'ignore_idx'; the nearest is 'ignoreIndex'",
    ],
    [
      'an option of another loss',
      () => mseLoss(x, x, loose({ posWeight: 2 })),
      "mseLoss: there is no option 'posWeight'",
    ],
    [
      'an array as target',
      () => mseLoss(x, loose([[0]])),
      'mseLoss: target must be a Variable or a Tensor, got an array of arrays; write tensor(…) around it',
    ],
    [
      'nothing as target',
      () => loose(mseLoss)(x),
      'mseLoss: target must be a Variable or a Tensor, got undefined',
    ],
    ['one argument too many', () => loose(mseLoss)(x, x, {}, 1), 'mseLoss: takes at most 3 arguments, got 4'],
    [
      'class ids as a Tensor',
      () => crossEntropy(x, loose(tensor([0, 1])) as Ids),
      'crossEntropy: ids must be class numbers: an Int32Array, an array of integers, or { data, shape }, got a Tensor; write [...t.data()]',
    ],
    [
      'a mean of ignored targets alone',
      () => crossEntropy(x, [0, 0], { ignoreIndex: 0 }),
      'crossEntropy: the mean needs at least one target that is not ignored',
    ],
    [
      'weights of another number of classes',
      () => crossEntropy(x, [0, 1], { weight: zeros([2]) }),
      'crossEntropy: weight must be [classes] = [3], got [2]',
    ],
    [
      'a smoothing above 1',
      () => crossEntropy(x, [0, 1], { labelSmoothing: 2 }),
      'crossEntropy: labelSmoothing must be a number 0 … 1, got 2',
    ],
    [
      'a factor that does not fit',
      () => bceWithLogits(x, x, { posWeight: zeros([2]) }),
      'bceWithLogits, posWeight: shapes must broadcast',
    ],
    [
      'a factor that stretches the logits',
      () => bceWithLogits(x, x, { weight: zeros([4, 2, 3]) }),
      "bceWithLogits: weight must broadcast to the logits' shape [2, 3]",
    ],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
