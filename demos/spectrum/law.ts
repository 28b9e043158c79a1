/**
 * The law: the norm of the first gradient, predicted from ρ and the loss alone, with nothing fitted and nothing
 * differentiated by the library. From W = ρ·I no unit hears another, so the network is a few recursions of scalars:
 *
 *   rₜ = σ(ρ·rₜ₋₁ ± xₜ),   hₜ = |w|·rₜ,   e = v·h_T − y,   ∂L/∂(sum of unit i at t) = 2·e·vᵢ·Π ρ
 *
 * for all units whose input weight has the same sign. Each gradient is then an outer product, and its norm a product
 * of norms. For `relu` and `identity` this is exact; for `tanh` it is what would come without saturation, the slope
 * being 1 at most.
 */

import { firstBatch, type LatchTraining } from '../latch/model.js';

/** Units that do the same but for their size: those with input weights of one sign, or all where the sign does not matter. */
interface Side {
  readonly sign: 1 | -1;
  /** ‖v‖ and ‖w‖ of the units' output and input weights, and v·|w|, with w's sign where it is not in `sign`. */
  readonly out: number;
  readonly into: number;
  readonly through: number;
}

/** Sums over a sequence of products of the forward and the backward scalars. */
interface Passed {
  readonly last: number;
  /** rₜ and dₜ, where dₜ is the product of all factors from step t to the end. */
  readonly states: Float64Array;
  readonly factors: Float64Array;
}

/** What the law says of the first gradient of a training that has not begun, had its recurrent matrix started at ρ·I. */
export function predictedNorm(training: LatchTraining, rho: number, activation: string): number {
  const { rnn, head } = training.model;
  const { x, y } = firstBatch(training);
  const steps = x.shape[0];
  const batch = x.shape[1];
  const inputs = x.data();
  const targets = y.data();
  const bends = activation === 'relu';
  const sides = sidesOf(rnn.weightIh.value.data(), head.weight.value.data(), bends);
  const zeros = () => sides.map(() => 0);
  const [byInput, byBias, byOutput] = [zeros(), zeros(), zeros()];
  const byState = sides.map(zeros);
  let byOffset = 0;
  for (let b = 0; b < batch; b++) {
    const sequence = Float64Array.from({ length: steps }, (_, t) => inputs[t * batch + b]);
    const passed = sides.map(({ sign }) => pass(sequence, rho, sign, bends));
    const output = sides.reduce((sum, { through }, p) => sum + through * passed[p].last, 0);
    const error = (2 * (output - targets[b])) / batch;
    byOffset += error;
    sides.forEach((_, p) => {
      const { factors } = passed[p];
      byOutput[p] += error * passed[p].last;
      byInput[p] += error * factors.reduce((sum, d, t) => sum + d * sequence[t], 0);
      byBias[p] += error * factors.reduce((sum, d) => sum + d, 0);
      sides.forEach((_, q) => {
        byState[p][q] += error * passed[q].states.reduce((sum, r, t) => sum + r * (factors[t + 1] ?? 0), 0);
      });
    });
  }
  const parts = sides.flatMap(({ out, into }, p) => [
    byInput[p] * out,
    byBias[p] * out,
    byOutput[p] * into,
    ...sides.map((side, q) => byState[p][q] * out * side.into),
  ]);
  return Math.hypot(byOffset, ...parts);
}

function sidesOf(w: ArrayLike<number>, v: ArrayLike<number>, bends: boolean): readonly Side[] {
  const units = Array.from(w, (into, i) => ({ into, out: v[i] }));
  const side = (own: typeof units, sign: 1 | -1): Side => ({
    sign,
    out: Math.hypot(...own.map(({ out }) => out)),
    into: Math.hypot(...own.map(({ into }) => into)),
    through: own.reduce((sum, { out, into }) => sum + out * into * sign, 0),
  });
  if (!bends) return [side(units, 1)];
  return [
    side(
      units.filter(({ into }) => into > 0),
      1,
    ),
    side(
      units.filter(({ into }) => into <= 0),
      -1,
    ),
  ];
}

function pass(sequence: Float64Array, rho: number, sign: 1 | -1, bends: boolean): Passed {
  const steps = sequence.length;
  const states = new Float64Array(steps);
  let state = 0;
  for (let t = 0; t < steps; t++) {
    const sum = rho * state + sign * sequence[t];
    state = bends ? Math.max(0, sum) : sum;
    states[t] = state;
  }
  const factors = new Float64Array(steps);
  let factor = 1;
  for (let t = steps - 1; t >= 0; t--) {
    if (bends && !(states[t] > 0)) factor = 0;
    factors[t] = factor;
    factor *= rho;
  }
  return { last: state, states, factors };
}
