import { describe, expect, it } from 'vitest';
import { backendNamed } from '../../src/extend.js';
import {
  Adagrad,
  Adam,
  AdamW,
  mul,
  type Optimizer,
  type OptimizerOptions,
  Parameter,
  RMSprop,
  SGD,
  type Tensor,
  type Variable,
} from '../../src/index.js';
import { type GoldenTensor, goldenTensor, loadGolden, worstError } from '../golden/load.js';

interface GoldenRun {
  readonly name: string;
  readonly params: Readonly<Record<string, number | boolean | readonly number[]>>;
  readonly inputs: Readonly<Record<'A' | 'w' | 'b', GoldenTensor>>;
  readonly trajectory: readonly {
    readonly loss: number;
    readonly w: GoldenTensor;
    readonly b: GoldenTensor;
  }[];
}

const classes = { sgd: SGD, adam: Adam, adamw: AdamW, rmsprop: RMSprop, adagrad: Adagrad } as const;

function make({ name, params }: GoldenRun, parameters: Parameter[]): Optimizer<OptimizerOptions> {
  const kind = classes[name.split('/')[0] as keyof typeof classes];
  const { weight_decay: weightDecay, ...rest } = params;
  const options = weightDecay === undefined ? rest : { ...rest, weightDecay };
  return new kind(parameters, options as unknown as OptimizerOptions);
}

/** ½ w·A·w + Σ b⁴/4 + Σw·Σb/10. */
function objective(a: Tensor, w: Variable, b: Variable): Variable {
  const quadratic = w
    .reshape([1, 4])
    .matmul(a)
    .matmul(w.reshape([4, 1]))
    .sum()
    .mul(0.5);
  return quadratic.add(b.pow(4).sum().div(4)).add(mul(w.sum(), b.sum()).mul(0.1));
}

const { cases } = loadGolden<{ cases: GoldenRun[] }>('optimizers');

it('every optimizer of the reference is here', () => expect(cases.length).toBe(14));

const float32 = (golden: GoldenTensor): Tensor => goldenTensor(golden).to('float32', backendNamed('simd'));

describe.each([
  ['float64 on reference', goldenTensor, 1e-9, 'host'],
  ['float32 on simd', float32, 5e-6, 'webasm'],
] as const)('optimizers follow PyTorch for 20 steps in %s', (_, load, tolerance, device) => {
  it.each(cases.map((run) => [run.name, run] as const))('%s', async (_, run) => {
    const [w, b] = [new Parameter(load(run.inputs.w)), new Parameter(load(run.inputs.b))];
    const optimizer = make(run, [w, b]);
    for (const expected of run.trajectory) {
      optimizer.zeroGrad();
      const loss = objective(load(run.inputs.A), w, b);
      loss.backward();
      const report = await optimizer.step();
      expect(report.normDevice).toBe(device);
      expect(worstError([loss.item()], [expected.loss])).toBeLessThan(tolerance);
      expect(worstError(w.value.data(), expected.w.data)).toBeLessThan(tolerance);
      expect(worstError(b.value.data(), expected.b.data)).toBeLessThan(tolerance);
    }
  });
});
