/*
 * SGD and Adam over a contiguous block, as PyTorch defines them. Scalars arrive in float64 and are rounded once. Every
 * element is computed alone, so any split of the block gives the same result; n is a multiple of 4 (blocks are padded).
 */

import { hold, madd } from './lanes';

/** Bits of `flags`. */
export namespace Flag {
  export const maximize = 1;
  export const nesterov = 2;
  export const first = 4;
  export const decoupled = 8;
}

/**
 * value −= lr · direction; direction = grad + weightDecay · value, through momentum where `velocity` is not 0:
 * velocity = momentum · velocity + (1 − dampening) · direction (without the dampening when flags has `first`).
 */
export function sgd(
  values: usize, grads: usize, velocity: usize, n: i32, flags: i32,
  lr: f64, momentum: f64, dampening: f64, weightDecay: f64,
): void {
  const rate = hold(f32x4.splat(<f32>-lr));
  const sign = hold(f32x4.splat(flags & Flag.maximize ? -1 : 1));
  const decay = hold(f32x4.splat(<f32>weightDecay)), inertia = hold(f32x4.splat(<f32>momentum));
  const keep = hold(f32x4.splat(flags & Flag.first ? 1 : <f32>(1 - dampening)));
  const size = <usize>n << 2;
  for (let i: usize = 0; i < size; i += 16) {
    const value = v128.load(values + i);
    let direction = f32x4.mul(v128.load(grads + i), sign);
    if (weightDecay != 0) direction = madd(decay, value, direction);
    if (velocity != 0) {
      const v = madd(inertia, v128.load(velocity + i), f32x4.mul(keep, direction));
      v128.store(velocity + i, v);
      direction = flags & Flag.nesterov ? madd(inertia, v, direction) : v;
    }
    v128.store(values + i, madd(rate, direction, value));
  }
}

/**
 * m = β₁m + (1 − β₁)g, v = β₂v + (1 − β₂)g², value −= stepSize · m / (√v / correction + eps), where stepSize is
 * lr / (1 − β₁ᵗ) and correction √(1 − β₂ᵗ). `largest` not 0 is AMSGrad's running maximum of v. Weight decay is added to
 * the gradient, or with `decoupled` applied to the value as 1 − lr · weightDecay.
 */
export function adam(
  values: usize, grads: usize, first: usize, second: usize, largest: usize, n: i32, flags: i32,
  stepSize: f64, beta1: f64, beta2: f64, eps: f64, correction: f64, lr: f64, weightDecay: f64,
): void {
  const coupled = weightDecay != 0 && (flags & Flag.decoupled) == 0;
  const sign: f64 = flags & Flag.maximize ? -1 : 1;
  const rate = hold(f32x4.splat(<f32>-stepSize));
  const b1 = hold(f32x4.splat(<f32>beta1)), c1 = hold(f32x4.splat(<f32>((1 - beta1) * sign)));
  const b2 = hold(f32x4.splat(<f32>beta2)), c2 = hold(f32x4.splat(<f32>(1 - beta2)));
  const tiny = hold(f32x4.splat(<f32>eps)), unbias = hold(f32x4.splat(<f32>(1 / correction)));
  // With the sign in c1, the decay is that of an ascent when climbing.
  const decay = hold(f32x4.splat(<f32>(weightDecay * sign)));
  const shrink = hold(f32x4.splat(<f32>(1 - lr * weightDecay)));
  const size = <usize>n << 2;
  for (let i: usize = 0; i < size; i += 16) {
    let value = v128.load(values + i);
    let g = v128.load(grads + i);
    if (weightDecay != 0) {
      if (coupled) g = madd(decay, value, g);
      else value = f32x4.mul(value, shrink);
    }
    const m = madd(b1, v128.load(first + i), f32x4.mul(c1, g));
    let v = madd(b2, v128.load(second + i), f32x4.mul(f32x4.mul(c2, g), g));
    v128.store(first + i, m);
    v128.store(second + i, v);
    if (largest != 0) {
      v = f32x4.max(v, v128.load(largest + i));
      v128.store(largest + i, v);
    }
    v128.store(values + i, madd(rate, f32x4.div(m, madd(f32x4.sqrt(v), unbias, tiny)), value));
  }
}
