import { describe, expect, it } from 'vitest';
import {
  Adam,
  mul,
  type Optimizer,
  type OptimizerOptions,
  Parameter,
  SGD,
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

const classes = { sgd: SGD, adam: Adam } as const;

function make({ name, params }: GoldenRun, parameters: Parameter[]): Optimizer<OptimizerOptions> | null {
  const kind = classes[name.split('/')[0] as keyof typeof classes];
  if (!kind) return null;
  const { weight_decay: weightDecay, ...rest } = params;
  const options = weightDecay === undefined ? rest : { ...rest, weightDecay };
  return new kind(parameters, options as unknown as OptimizerOptions);
}

/** ½ w·A·w + Σ b⁴/4 + Σw·Σb/10. */
function objective(a: GoldenTensor, w: Variable, b: Variable): Variable {
  const quadratic = w
    .reshape([1, 4])
    .matmul(goldenTensor(a))
    .matmul(w.reshape([4, 1]))
    .sum()
    .mul(0.5);
  return quadratic.add(b.pow(4).sum().div(4)).add(mul(w.sum(), b.sum()).mul(0.1));
}

describe('optimizers follow PyTorch for 20 steps in float64', () => {
  const { cases } = loadGolden<{ cases: GoldenRun[] }>('optimizers');
  const ours = cases.filter(({ name }) => name.split('/')[0] in classes);

  it('covers every SGD and Adam run of the reference', () => expect(ours.length).toBe(10));

  it.each(ours.map((run) => [run.name, run] as const))('%s', async (_, run) => {
    const [w, b] = [run.inputs.w, run.inputs.b].map((start) => new Parameter(goldenTensor(start)));
    const optimizer = make(run, [w!, b!])!;
    for (const expected of run.trajectory) {
      optimizer.zeroGrad();
      const loss = objective(run.inputs.A, w!, b!);
      loss.backward();
      const report = await optimizer.step();
      expect(report.normDevice).toBe('host');
      expect(worstError([loss.item()], [expected.loss])).toBeLessThan(1e-9);
      expect(worstError(w!.value.data(), expected.w.data)).toBeLessThan(1e-9);
      expect(worstError(b!.value.data(), expected.b.data)).toBeLessThan(1e-9);
    }
  });
});
