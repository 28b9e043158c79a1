import { describe, expect, it } from 'vitest';
import {
  clipGradientAt,
  type GradientLimit,
  normal,
  Random,
  tensor,
  type Variable,
  variable,
} from '../../src/index.js';
import { orthogonal, RNN, type RNNOptions } from '../../src/nn/index.js';
import { norm2 } from '../clip/support.js';
import { worstError } from '../golden/load.js';
import { EXACT } from './golden.js';

const [STEPS, BATCH, WIDTH, GAIN] = [40, 2, 6, 1.5];

/** A linear network whose recurrent matrix stretches every gradient by GAIN a step, and a loss on its last state. */
function exploding(options: Partial<RNNOptions> = {}) {
  const random = new Random(3);
  const layer = new RNN(3, WIDTH, { random, nonlinearity: 'identity', ...EXACT, ...options });
  layer.weightHh.assign(orthogonal([WIDTH, WIDTH], random, { gain: GAIN, ...EXACT }));
  const x = variable(normal([STEPS, BATCH, 3], random, 0, 1, EXACT));
  const weights = normal([BATCH, WIDTH], random, 0, 1, EXACT);
  const output = layer.forward(x);
  output.last.mul(weights).sum().backward();
  const stateNorms = Array.from({ length: STEPS }, (_, t) => norm2(output.stateGrad(t)!.data()));
  const grads = [x, layer.weightIh, layer.weightHh, layer.bias].map(({ grad }) => [...grad!.data()]);
  return { layer, output, stateNorms, grads, start: norm2(weights.data()) };
}

describe('an RNN that clips its gradient at every time step', () => {
  it('without a limit explodes by the gain of its matrix, step after step', () => {
    const { stateNorms, start } = exploding();
    const want = stateNorms.map((_, t) => start * GAIN ** (STEPS - 1 - t));
    expect(Math.max(...stateNorms.map((norm, t) => Math.abs(norm / want[t] - 1)))).toBeLessThan(1e-10);
    expect(stateNorms[0]).toBeGreaterThan(1e6);
  });

  it('by norm keeps every ∂L/∂h_t at that gain times the limit', () => {
    const { stateNorms, start, layer } = exploding({ clipGradient: { norm: 0.1 } });
    expect(layer.unrolled).toBe(true);
    expect(stateNorms[STEPS - 1]).toBeCloseTo(start, 12);
    for (const norm of stateNorms.slice(0, -1)) expect(norm).toBeCloseTo(GAIN * 0.1, 12);
  });

  it('by value keeps it under gain · limit · √elements', () => {
    const { stateNorms, grads } = exploding({ clipGradient: 0.1 });
    const most = 0.1 * Math.sqrt(BATCH * WIDTH);
    for (const norm of stateNorms.slice(0, -1)) expect(norm).toBeLessThanOrEqual(GAIN * most * (1 + 1e-12));
    // What reaches the bias at one step is what was let through there, summed over the batch.
    expect(Math.max(...grads[3].map(Math.abs))).toBeLessThanOrEqual(0.1 * BATCH * STEPS);
  });

  it.each(['tanh', 'relu', 'identity'] as const)(
    'with a limit that nothing reaches is the RNN it is without: %s',
    (nonlinearity) => {
      for (const clipGradient of [1e12, { norm: 1e12 }] satisfies GradientLimit[]) {
        const [plain, clipped] = [exploding({ nonlinearity }), exploding({ nonlinearity, clipGradient })];
        expect(
          worstError(clipped.output.output.value.data(), [...plain.output.output.value.data()]),
        ).toBeLessThan(1e-12);
        for (const [i, grad] of clipped.grads.entries())
          expect(worstError(grad, plain.grads[i])).toBeLessThan(1e-10);
      }
    },
  );

  it('refuses a limit that is none', () => {
    expect(() => new RNN(2, 3, { random: new Random(1), clipGradient: -1 })).toThrow(
      'RNN, clipGradient: the limit must be a number ≥ 0, or { norm } of one, got -1',
    );
  });
});

it('clipGradientAt does the same for a cell of one’s own: ∂L/∂h_t is at most the limit', () => {
  const random = new Random(5);
  const weight = orthogonal([4, 4], random, { gain: 2, ...EXACT });
  const states: Variable[] = [variable(tensor([[1, 2, 3, 4]], EXACT))];
  for (let t = 0; t < 30; t++) states.push(states[t].clipGradientAt({ norm: 0.5 }).matmul(weight));
  clipGradientAt(states[30], 1e6).sum().backward();
  for (const state of states.slice(0, -1)) expect(norm2(state.grad!.data())).toBeCloseTo(0.5, 12);
});
