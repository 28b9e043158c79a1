import { describe, expect, it } from 'vitest';
import { backendNamed } from '../../src/extend.js';
import {
  Adam,
  type AdamOptions,
  clipByGlobalNorm,
  clipByValue,
  type GradientHook,
  Linear,
  Module,
  mseLoss,
  Random,
  RNN,
  type RNNNonlinearity,
  SGD,
  type SGDOptions,
  type Tensor,
  type TensorOptions,
  train,
} from '../../src/index.js';
import {
  type GoldenNumber,
  type GoldenTensor,
  goldenTensor,
  loadGolden,
  worstError,
} from '../golden/load.js';

interface TrainingRun {
  readonly name: string;
  readonly params: {
    readonly hidden: number;
    readonly nonlinearity: RNNNonlinearity;
    readonly clip: { readonly norm?: number; readonly p?: number; readonly value?: number };
    readonly eps: number;
    readonly optimizer: { readonly sgd?: SGDOptions; readonly adam?: AdamOptions };
  };
  readonly init: Readonly<Record<string, GoldenTensor>>;
  readonly data: readonly { readonly x: GoldenTensor; readonly y: GoldenTensor }[];
  readonly log: readonly {
    readonly loss: number;
    /** The clip's own p-norm, all gradients together; NaN where values are clipped. */
    readonly norm: GoldenNumber;
    readonly perParameter: Readonly<Record<string, number>>;
  }[];
  readonly final: Readonly<Record<string, GoldenTensor>>;
}

class Model extends Module {
  readonly rnn: RNN;
  readonly head: Linear;

  constructor({ hidden, nonlinearity }: TrainingRun['params'], place: TensorOptions) {
    super();
    const options = { random: new Random(1), ...place };
    this.rnn = new RNN(1, hidden, { ...options, nonlinearity });
    this.head = new Linear(hidden, 1, options);
  }

  loss(x: Tensor, y: Tensor) {
    return mseLoss(this.head.forward(this.rnn.forward(x).last), y);
  }
}

function hooksOf({ clip: { norm, p, value }, eps }: TrainingRun['params']): GradientHook[] {
  if (norm !== undefined) return [clipByGlobalNorm(norm, { p, eps })];
  return value === undefined ? [] : [clipByValue(value)];
}

/** Where gradients explode, so does what rounding left of them. */
const places = [
  ['float64 on reference', { dtype: 'float64', backend: 'reference' }, 1e-9],
  ['float32 on simd', { dtype: 'float32', backend: 'simd' }, 1e-4],
] as const;

const tensors = (state: Readonly<Record<string, GoldenTensor>>) =>
  Object.fromEntries(Object.entries(state).map(([name, value]) => [name, goldenTensor(value)]));

describe.each(places)('training follows PyTorch step by step, %s', (_, place, tolerance) => {
  const given = (golden: GoldenTensor) => goldenTensor(golden).to(place.dtype, backendNamed(place.backend));
  const { cases } = loadGolden<{ cases: TrainingRun[] }>('training');

  it('covers the five runs of the reference', () =>
    expect(cases.map(({ name }) => name)).toEqual([
      'rnn/sgd/clipNorm',
      'rnn/adam/clipNorm',
      'rnn/sgd/clipNorm3',
      'rnn/sgd/clipValue',
      'rnn/sgd/noClip',
    ]));

  it.each(cases.map((run) => [run.name, run] as const))('%s', async (__, run) => {
    const model = new Model(run.params, place);
    model.loadStateDict(tensors(run.init));
    const { sgd, adam } = run.params.optimizer;
    const clipNorms: number[] = [];
    const watch: GradientHook = {
      name: 'watch',
      async apply(gradients) {
        clipNorms.push(await gradients.norm(run.params.clip.p));
        return {};
      },
    };
    const hooks = [watch, ...hooksOf(run.params)];
    const optimizer = sgd
      ? new SGD(model.parameters(), { ...sgd, hooks })
      : new Adam(model.parameters(), { ...adam, hooks });
    const { records, normDevice, divergence } = await train({
      model,
      optimizer,
      batches: run.data,
      loss: (each, { x, y }) => each.loss(given(x), given(y).reshape([-1, 1])),
    });
    const device = place.dtype === 'float64' ? 'host' : 'webasm';
    expect([records.length, normDevice, divergence]).toEqual([run.log.length, device, null]);
    for (const [step, expected] of run.log.entries()) {
      const { loss, normBefore, norms } = records[step];
      expect(worstError([loss], [expected.loss]), `loss of step ${step}`).toBeLessThan(tolerance);
      if (expected.norm !== 'NaN')
        expect(worstError([clipNorms[step]], [expected.norm]), `norm of step ${step}`).toBeLessThan(
          tolerance,
        );
      const total = Math.hypot(...Object.values(expected.perParameter));
      expect(worstError([normBefore], [total]), `2-norm of step ${step}`).toBeLessThan(tolerance);
      expect(Object.keys(norms).sort()).toEqual(Object.keys(expected.perParameter).sort());
      for (const [name, norm] of Object.entries(expected.perParameter))
        expect(worstError([norms[name]], [norm]), `${name} at step ${step}`).toBeLessThan(tolerance);
    }
    const state = model.stateDict();
    for (const [name, value] of Object.entries(run.final))
      expect(worstError(state[name].data(), value.data), name).toBeLessThan(tolerance);
  });
});
