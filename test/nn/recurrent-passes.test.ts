/** One pass through time, whatever a loss looks at. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  defaultBackend,
  GRU,
  LSTM,
  type LSTMOutput,
  Random,
  type RecurrentOutput,
  RNN,
  stack,
  uniform,
  type Variable,
  variable,
} from '../../src/index.js';
import { expectAlike } from './gated.js';

const [steps, batch, inputs, hidden] = [6, 3, 2, 5];
const layers = {
  RNN: { make: RNN, kernel: 'recurrentBackward', upstream: 1 },
  LSTM: { make: LSTM, kernel: 'lstmBackward', upstream: 0 },
  GRU: { make: GRU, kernel: 'gruBackward', upstream: 0 },
} as const;
type Name = keyof typeof layers;

const parts: Readonly<Record<string, (result: RecurrentOutput) => Variable>> = {
  output: ({ output }) => output.square().sum(),
  last: ({ last }) => last.square().sum(),
  'a state': (result) => result.state(2).exp().sum(),
  'the last cell': (result) => (result as LSTMOutput).lastCell.sin().sum(),
};
/** Every choice of at least one name. */
const subsets = (names: readonly string[]): string[][] =>
  Array.from({ length: 2 ** names.length - 1 }, (_, k) => names.filter((_name, i) => ((k + 1) >> i) & 1));

/** All gradients after a loss that looks at some parts, of the layer as one op or unrolled. */
function run(name: Name, looked: readonly string[], unrolled: boolean) {
  const layer = new layers[name].make(inputs, hidden, { random: new Random(1), unrolled });
  const x = variable(uniform([steps, batch, inputs], new Random(2), -1, 1));
  const result = layer.forward(x) as RecurrentOutput;
  const loss = stack(looked.map((part) => parts[part](result))).sum();
  loss.backward();
  const states = Array.from({ length: steps }, (_, t) => result.stateGrad(t));
  return { grads: [x, ...layer.parameters()].map(({ grad }) => grad!), states };
}

afterEach(() => vi.restoreAllMocks());

describe.each(Object.keys(layers) as Name[])('%s', (name) => {
  const names = Object.keys(parts).filter((part) => name === 'LSTM' || part !== 'the last cell');
  const { kernel, upstream } = layers[name];

  it.each(subsets(names).map((looked) => [looked.join(', '), looked] as const))(
    'goes back through time once for a loss over %s, and agrees with the cells unrolled',
    (_, looked) => {
      const pass = vi.spyOn(defaultBackend().fused, kernel);
      const fused = run(name, looked, false);
      expect(pass).toHaveBeenCalledTimes(1);
      // Only a loss over single last things starts from there alone: that is cheaper.
      const startsAtLast = !looked.some((part) => part === 'output' || part === 'a state');
      expect((pass.mock.calls[0][upstream] as { shape: readonly number[] }).shape.length).toBe(
        startsAtLast ? 2 : 3,
      );

      const cells = run(name, looked, true);
      expectAlike(fused.grads, cells.grads, 4e-6);
      for (const [t, grad] of cells.states.entries()) {
        if (grad) expectAlike([fused.states[t]!], [grad], 4e-6);
        else expect(fused.states[t]!.data().every((g) => g === 0)).toBe(true);
      }
    },
  );

  it('adds up the gradients of states over two losses on one graph, as it does all others', () => {
    const layer = new layers[name].make(inputs, hidden, { random: new Random(1) });
    const result = layer.forward(uniform([steps, batch, inputs], new Random(2), -1, 1)) as RecurrentOutput;
    result.last.sum().backward({ retainGraph: true });
    const first = result.stateGrad(0)!.data();
    result.last.sum().backward();
    expect(result.stateGrad(0)!.data()).toEqual(first.map((g) => 2 * g));
  });
});
