/** A deep linear network before any update, which two experiments look at: one backwards, one forwards. */

import { Linear, normal, type Random, scope, type Tensor, xavierNormal } from '../../src/index.js';

/** Units of every layer, and examples: so many directions average out what a single one is lucky in. */
export const WIDTH = 64;

/** What passes through once. */
export interface FirstPass {
  /** Norm of the activations over the batch: of the input, then after each layer. */
  readonly activations: readonly number[];
  /** Norm of the gradient of the first layer's weights. */
  readonly gradient: number;
}

/**
 * Forward and back through `depth` layers whose weights are drawn with the given gain. The loss is the sum of the
 * outputs, each times a random number, so that the gradient that enters at the top does not depend on depth or gain.
 */
export function firstPass(random: Random, depth: number, gain: number): FirstPass {
  const layers = Array.from({ length: depth }, () => {
    const layer = new Linear(WIDTH, WIDTH, { random, bias: false });
    layer.weight.assign(xavierNormal([WIDTH, WIDTH], random, { gain }));
    return layer;
  });
  const input = normal([WIDTH, WIDTH], random);
  const weights = normal([WIDTH, WIDTH], random);
  return scope(() => {
    const [first, ...others] = layers;
    const activations = [normOf(input)];
    let signal = first.forward(input);
    activations.push(normOf(signal.value));
    for (const layer of others) {
      signal = layer.forward(signal);
      activations.push(normOf(signal.value));
    }
    signal.mul(weights).sum().backward();
    return { activations, gradient: normOf(first.weight.grad!) };
  });
}

function normOf(tensor: Tensor): number {
  return Math.hypot(...tensor.data());
}
