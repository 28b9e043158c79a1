/*
 * Element-wise functions of one operand over a contiguous run. Each function is one loop over four lanes; the last one
 * to three elements go through the same arithmetic.
 */

import { loadUpTo4, storeUpTo4 } from '../lanes';
import { cos4, sin4 } from '../math/circular';
import { erf4 } from '../math/error';
import { expFrom, NORMAL_FROM, NUDGE, sigmoid4, tanh4 } from '../math/exponential';
import { log1p4, log4 } from '../math/logarithm';

/** Codes of the functions; load.ts gives them names. */
export namespace Unary {
  export const neg = 0;
  export const abs = 1;
  export const sign = 2;
  export const exp = 3;
  export const log = 4;
  export const log1p = 5;
  export const sqrt = 6;
  export const reciprocal = 7;
  export const tanh = 8;
  export const sigmoid = 9;
  export const relu = 10;
  export const erf = 11;
  export const sin = 12;
  export const cos = 13;
}

/** −1, 0 or 1; −0, 0 and NaN stay. */
// @ts-ignore: decorator
@inline
function sign4(x: v128): v128 {
  const one = v128.or(v128.and(x, i32x4.splat(0x80000000)), f32x4.splat(1));
  return v128.bitselect(one, x, f32x4.gt(f32x4.abs(x), f32x4.splat(0)));
}

/** max(x, 0): 0 for −0, NaN stays. */
// @ts-ignore: decorator
@inline
export function relu4(x: v128): v128 {
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), f32x4.splat(0));
}

/** One function, chosen while compiling. */
// @ts-ignore: decorator
@inline
function apply(op: i32, x: v128): v128 {
  if (op == Unary.neg) return f32x4.neg(x);
  if (op == Unary.abs) return f32x4.abs(x);
  if (op == Unary.sign) return sign4(x);
  if (op == Unary.log) return log4(x);
  if (op == Unary.log1p) return log1p4(x);
  if (op == Unary.sqrt) return f32x4.sqrt(x);
  if (op == Unary.reciprocal) return f32x4.div(f32x4.splat(1), x);
  if (op == Unary.tanh) return tanh4(x);
  if (op == Unary.sigmoid) return sigmoid4(x);
  if (op == Unary.relu) return relu4(x);
  if (op == Unary.erf) return erf4(x);
  if (op == Unary.sin) return sin4(x);
  return cos4(x);
}

/**
 * The loop of one function. Four vectors at a time share the constants, which V8 builds anew in every iteration (three
 * instructions each).
 */
// @ts-ignore: decorator
@inline
function run(op: i32, out: usize, x: usize, n: i32): void {
  // The longest share well enough two by two.
  if (op == Unary.erf || op == Unary.log || op == Unary.log1p) {
    for (; n >= 8; n -= 8, x += 32, out += 32) {
      const y0 = apply(op, v128.load(x)), y1 = apply(op, v128.load(x, 16));
      v128.store(out, y0);
      v128.store(out, y1, 16);
    }
  } else for (; n >= 16; n -= 16, x += 64, out += 64) {
    const y0 = apply(op, v128.load(x)), y1 = apply(op, v128.load(x, 16));
    const y2 = apply(op, v128.load(x, 32)), y3 = apply(op, v128.load(x, 48));
    v128.store(out, y0);
    v128.store(out, y1, 16);
    v128.store(out, y2, 32);
    v128.store(out, y3, 48);
  }
  for (; n > 0; n -= 4, x += 16, out += 16) storeUpTo4(out, apply(op, loadUpTo4(x, n)), n);
}

// A function of its own for each name, so that an engine compiles and optimises only what is used.
function runNeg(out: usize, x: usize, n: i32): void { run(Unary.neg, out, x, n); }
function runAbs(out: usize, x: usize, n: i32): void { run(Unary.abs, out, x, n); }
function runSign(out: usize, x: usize, n: i32): void { run(Unary.sign, out, x, n); }
function runLog(out: usize, x: usize, n: i32): void { run(Unary.log, out, x, n); }
function runLog1p(out: usize, x: usize, n: i32): void { run(Unary.log1p, out, x, n); }
function runSqrt(out: usize, x: usize, n: i32): void { run(Unary.sqrt, out, x, n); }
function runReciprocal(out: usize, x: usize, n: i32): void { run(Unary.reciprocal, out, x, n); }
export function runTanh(out: usize, x: usize, n: i32): void { run(Unary.tanh, out, x, n); }
export function runSigmoid(out: usize, x: usize, n: i32): void { run(Unary.sigmoid, out, x, n); }
export function runRelu(out: usize, x: usize, n: i32): void { run(Unary.relu, out, x, n); }
function runErf(out: usize, x: usize, n: i32): void { run(Unary.erf, out, x, n); }
function runSin(out: usize, x: usize, n: i32): void { run(Unary.sin, out, x, n); }
function runCos(out: usize, x: usize, n: i32): void { run(Unary.cos, out, x, n); }

/** e^(x − shift), 0 below the argument `least`: see expFrom. */
// @ts-ignore: decorator
@inline
function power(x: v128, shift: f32, least: f32): v128 {
  return expFrom(least, f32x4.sub(x, f32x4.splat(shift)));
}

/** out[i] = e^(x[i] − shift), 0 where x[i] − shift is below `least`; `out` may be `x`. */
export function runExp(out: usize, x: usize, n: i32, shift: f32, least: f32): void {
  for (; n >= 16; n -= 16, x += 64, out += 64) {
    const y0 = power(v128.load(x), shift, least), y1 = power(v128.load(x, 16), shift, least);
    const y2 = power(v128.load(x, 32), shift, least), y3 = power(v128.load(x, 48), shift, least);
    v128.store(out, y0);
    v128.store(out, y1, 16);
    v128.store(out, y2, 32);
    v128.store(out, y3, 48);
  }
  for (; n > 0; n -= 4, x += 16, out += 16) storeUpTo4(out, power(loadUpTo4(x, n), shift, least), n);
}

/** out[i] = f(x[i]) for i < n; `out` may be `x`. */
export function unary(op: i32, out: usize, x: usize, n: i32): void {
  switch (op) {
    case Unary.neg: return runNeg(out, x, n);
    case Unary.abs: return runAbs(out, x, n);
    case Unary.sign: return runSign(out, x, n);
    case Unary.exp: return runExp(out, x, n, -NUDGE, NORMAL_FROM);
    case Unary.log: return runLog(out, x, n);
    case Unary.log1p: return runLog1p(out, x, n);
    case Unary.sqrt: return runSqrt(out, x, n);
    case Unary.reciprocal: return runReciprocal(out, x, n);
    case Unary.tanh: return runTanh(out, x, n);
    case Unary.sigmoid: return runSigmoid(out, x, n);
    case Unary.relu: return runRelu(out, x, n);
    case Unary.erf: return runErf(out, x, n);
    case Unary.sin: return runSin(out, x, n);
    default: return runCos(out, x, n);
  }
}
