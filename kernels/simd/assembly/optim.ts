/*
 * SGD and Adam over a contiguous block, as PyTorch defines them. Scalars arrive in float64 and are rounded once. Every
 * element is computed alone, so any split of the block gives the same result; n is a multiple of 4 (blocks are padded).
 */

import { madd } from './lanes';
import { atLeast, carried4, SMALLEST_NORMAL } from './tiny';

/** Bits of `flags`. */
export namespace Flag {
  export const maximize = 1;
  export const nesterov = 2;
  export const first = 4;
  export const decoupled = 8;
}

// What an update is made of, in variables that its loop reads before it begins: see holdFloat in ./lanes.
let rate: f32 = 0;
let sign: f32 = 1;
let decay: f32 = 0;
let inertia: f32 = 0;
let keep: f32 = 1;

/** A new velocity, 0 where it is too small to carry on (./tiny). */
// @ts-ignore: decorator
@inline
function velocityOf(mu: f32, velocity: v128, share: f32, direction: v128): v128 {
  return carried4(madd(f32x4.splat(mu), velocity, f32x4.mul(f32x4.splat(share), carried4(direction))));
}

/** Pairs of vectors, read before they are written (NOTES.md, on 256 bits); returns where they end. */
function plain(values: usize, grads: usize, size: usize): usize {
  const step = rate, s = sign;
  let i: usize = 0;
  for (; i + 32 <= size; i += 32) {
    const d0 = f32x4.mul(v128.load(grads + i), f32x4.splat(s));
    const d1 = f32x4.mul(v128.load(grads + i, 16), f32x4.splat(s));
    const x0 = madd(f32x4.splat(step), d0, v128.load(values + i));
    const x1 = madd(f32x4.splat(step), d1, v128.load(values + i, 16));
    v128.store(values + i, x0);
    v128.store(values + i, x1, 16);
  }
  return i;
}

/** The same with momentum. */
function heavy(values: usize, grads: usize, velocity: usize, size: usize): usize {
  const step = rate, s = sign, mu = inertia, share = keep;
  let i: usize = 0;
  for (; i + 32 <= size; i += 32) {
    const d0 = f32x4.mul(v128.load(grads + i), f32x4.splat(s));
    const d1 = f32x4.mul(v128.load(grads + i, 16), f32x4.splat(s));
    const v0 = velocityOf(mu, v128.load(velocity + i), share, d0);
    const v1 = velocityOf(mu, v128.load(velocity + i, 16), share, d1);
    const x0 = madd(f32x4.splat(step), v0, v128.load(values + i));
    const x1 = madd(f32x4.splat(step), v1, v128.load(values + i, 16));
    v128.store(velocity + i, v0);
    v128.store(velocity + i, v1, 16);
    v128.store(values + i, x0);
    v128.store(values + i, x1, 16);
  }
  return i;
}

/**
 * value −= lr · direction; direction = grad + weightDecay · value, through momentum where `velocity` is not 0:
 * velocity = momentum · velocity + (1 − dampening) · direction (without the dampening when flags has `first`).
 */
export function sgd(
  values: usize, grads: usize, velocity: usize, n: i32, flags: i32,
  lr: f64, momentum: f64, dampening: f64, weightDecay: f64,
): void {
  rate = <f32>-lr;
  sign = flags & Flag.maximize ? -1 : 1;
  decay = <f32>weightDecay;
  inertia = <f32>momentum;
  keep = flags & Flag.first ? 1 : <f32>(1 - dampening);
  const size = <usize>n << 2;
  let i: usize = 0;
  if (weightDecay == 0 && (flags & Flag.nesterov) == 0) {
    i = velocity == 0 ? plain(values, grads, size) : heavy(values, grads, velocity, size);
  }
  for (; i < size; i += 16) {
    const value = v128.load(values + i);
    let direction = f32x4.mul(v128.load(grads + i), f32x4.splat(sign));
    if (weightDecay != 0) direction = madd(f32x4.splat(decay), value, direction);
    if (velocity != 0) {
      const v = velocityOf(inertia, v128.load(velocity + i), keep, direction);
      v128.store(velocity + i, v);
      direction = flags & Flag.nesterov ? madd(f32x4.splat(inertia), v, direction) : v;
    }
    v128.store(values + i, madd(f32x4.splat(rate), direction, value));
  }
}

let b1: f32 = 0;
let c1: f32 = 0;
let b2: f32 = 0;
let c2: f32 = 0;
let tiny: f32 = 0;
let unbias: f32 = 1;
let shrink: f32 = 1;
/** Bits of the smallest gradient whose square, times 1 − β₂, is normal: a smaller one counts as 0. */
let squared: i32 = 0;

// @ts-ignore: decorator
@inline
function firstOf(beta: f32, m: v128, rest: f32, g: v128): v128 {
  return carried4(madd(f32x4.splat(beta), m, f32x4.mul(f32x4.splat(rest), g)));
}

// @ts-ignore: decorator
@inline
function secondOf(beta: f32, v: v128, rest: f32, g: v128): v128 {
  const next = madd(f32x4.splat(beta), v, f32x4.mul(f32x4.mul(f32x4.splat(rest), g), g));
  return v128.andnot(next, f32x4.lt(next, f32x4.splat(SMALLEST_NORMAL)));
}

/** value − stepSize · m / (√v / correction + eps) */
// @ts-ignore: decorator
@inline
function moved(value: v128, step: f32, m: v128, v: v128, scale: f32, eps: f32): v128 {
  const root = madd(f32x4.sqrt(v), f32x4.splat(scale), f32x4.splat(eps));
  return madd(f32x4.splat(step), f32x4.div(m, root), value);
}

/** Without coupled decay and running maximum; decoupled decay is `shrink`, 1 where there is none. */
function adamPlain(values: usize, grads: usize, first: usize, second: usize, size: usize): usize {
  const p1 = b1, q1 = c1, p2 = b2, q2 = c2, kept = shrink, step = rate, scale = unbias, eps = tiny, least = squared;
  let i: usize = 0;
  for (; i + 32 <= size; i += 32) {
    const x0 = f32x4.mul(v128.load(values + i), f32x4.splat(kept));
    const x1 = f32x4.mul(v128.load(values + i, 16), f32x4.splat(kept));
    const g0 = atLeast(least, v128.load(grads + i)), g1 = atLeast(least, v128.load(grads + i, 16));
    const m0 = firstOf(p1, v128.load(first + i), q1, g0), m1 = firstOf(p1, v128.load(first + i, 16), q1, g1);
    const v0 = secondOf(p2, v128.load(second + i), q2, g0), v1 = secondOf(p2, v128.load(second + i, 16), q2, g1);
    v128.store(first + i, m0);
    v128.store(first + i, m1, 16);
    v128.store(second + i, v0);
    v128.store(second + i, v1, 16);
    v128.store(values + i, moved(x0, step, m0, v0, scale, eps));
    v128.store(values + i, moved(x1, step, m1, v1, scale, eps), 16);
  }
  return i;
}

/**
 * m = β₁m + (1 − β₁)g, v = β₂v + (1 − β₂)g², value −= stepSize · m / (√v / correction + eps), where stepSize is
 * lr / (1 − β₁ᵗ) and correction √(1 − β₂ᵗ). `largest` not 0 is AMSGrad's running maximum of v. Weight decay is added to
 * the gradient, or with `decoupled` applied to the value as 1 − lr · weightDecay. Moments that are too small are 0 (./tiny),
 * and so is a gradient whose share of v would be: m alone would be divided by eps alone.
 */
export function adam(
  values: usize, grads: usize, first: usize, second: usize, largest: usize, n: i32, flags: i32,
  stepSize: f64, beta1: f64, beta2: f64, eps: f64, correction: f64, lr: f64, weightDecay: f64,
): void {
  const coupled = weightDecay != 0 && (flags & Flag.decoupled) == 0;
  const up: f64 = flags & Flag.maximize ? -1 : 1;
  rate = <f32>-stepSize;
  b1 = <f32>beta1;
  c1 = <f32>((1 - beta1) * up);
  b2 = <f32>beta2;
  c2 = <f32>(1 - beta2);
  squared = reinterpret<i32>(<f32>sqrt<f64>(<f64>SMALLEST_NORMAL / (1 - beta2)));
  tiny = <f32>eps;
  unbias = <f32>(1 / correction);
  // With the sign in c1, the decay is that of an ascent when climbing.
  decay = <f32>(weightDecay * up);
  shrink = coupled ? 1 : <f32>(1 - lr * weightDecay);
  const size = <usize>n << 2;
  let i: usize = coupled || largest != 0 ? 0 : adamPlain(values, grads, first, second, size);
  for (; i < size; i += 16) {
    const value = f32x4.mul(v128.load(values + i), f32x4.splat(shrink));
    let g = v128.load(grads + i);
    if (coupled) g = madd(f32x4.splat(decay), value, g);
    g = atLeast(squared, g);
    const m = firstOf(b1, v128.load(first + i), c1, g);
    let v = secondOf(b2, v128.load(second + i), c2, g);
    v128.store(first + i, m);
    v128.store(second + i, v);
    if (largest != 0) {
      v = f32x4.max(v, v128.load(largest + i));
      v128.store(largest + i, v);
    }
    v128.store(values + i, moved(value, rate, m, v, unbias, tiny));
  }
}
