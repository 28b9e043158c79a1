/*
 * Element-wise functions of two operands over rows. Along a row an operand advances by one element, stands still
 * (step 0: a scalar or a column), or jumps (any other step); between rows it moves by its row stride. That covers
 * contiguous runs (one row), scalars, row and column broadcasts, and, row by row, every strided view.
 */

import { loadPart, storePart } from '../lanes';
import { power } from '../math/power';

/** Codes of the functions; load.ts gives them names. */
export namespace Binary {
  export const add = 0;
  export const sub = 1;
  export const mul = 2;
  export const div = 3;
  export const max = 4;
  export const min = 5;
  export const greater = 6;
  export const greaterEqual = 7;
  export const equal = 8;
  export const pow = 9;
}

/** Four float64 powers, rounded once. */
function pow4(x: v128, p: v128): v128 {
  let y = f32x4.splat(<f32>power(f32x4.extract_lane(x, 0), f32x4.extract_lane(p, 0)));
  y = f32x4.replace_lane(y, 1, <f32>power(f32x4.extract_lane(x, 1), f32x4.extract_lane(p, 1)));
  y = f32x4.replace_lane(y, 2, <f32>power(f32x4.extract_lane(x, 2), f32x4.extract_lane(p, 2)));
  return f32x4.replace_lane(y, 3, <f32>power(f32x4.extract_lane(x, 3), f32x4.extract_lane(p, 3)));
}

/** One function, chosen while compiling. Comparisons give 1 or 0; max and min give NaN for a NaN operand. */
// @ts-ignore: decorator
@inline
function apply(op: i32, x: v128, y: v128): v128 {
  if (op == Binary.add) return f32x4.add(x, y);
  if (op == Binary.sub) return f32x4.sub(x, y);
  if (op == Binary.mul) return f32x4.mul(x, y);
  if (op == Binary.div) return f32x4.div(x, y);
  if (op == Binary.max) return f32x4.max(x, y);
  if (op == Binary.min) return f32x4.min(x, y);
  if (op == Binary.pow) return pow4(x, y);
  const one = f32x4.splat(1);
  if (op == Binary.greater) return v128.and(f32x4.gt(x, y), one);
  if (op == Binary.greaterEqual) return v128.and(f32x4.ge(x, y), one);
  return v128.and(f32x4.eq(x, y), one);
}

/**
 * A row in which `out` is contiguous and each operand is contiguous or stands still: steps of 4 or 0 bytes. Pairs of vectors
 * of the arithmetic ones are read before they are written, which V8 packs into 256 bits.
 */
// @ts-ignore: decorator
@inline
function run(op: i32, out: usize, a: usize, aStep: usize, b: usize, bStep: usize, n: i32): void {
  if (aStep != 0 && bStep != 0) {
    for (; op <= Binary.min && n >= 8; n -= 8, a += 32, b += 32, out += 32) {
      const z0 = apply(op, v128.load(a), v128.load(b)), z1 = apply(op, v128.load(a, 16), v128.load(b, 16));
      v128.store(out, z0);
      v128.store(out, z1, 16);
    }
    for (; n >= 4; n -= 4, a += 16, b += 16, out += 16) v128.store(out, apply(op, v128.load(a), v128.load(b)));
    if (n > 0) storePart(out, apply(op, loadPart(a, n), loadPart(b, n)), n);
  } else if (aStep != 0) {
    const y = v128.load_splat<f32>(b);
    for (; op <= Binary.min && n >= 8; n -= 8, a += 32, out += 32) {
      const z0 = apply(op, v128.load(a), y), z1 = apply(op, v128.load(a, 16), y);
      v128.store(out, z0);
      v128.store(out, z1, 16);
    }
    for (; n >= 4; n -= 4, a += 16, out += 16) v128.store(out, apply(op, v128.load(a), y));
    if (n > 0) storePart(out, apply(op, loadPart(a, n), y), n);
  } else if (bStep != 0) {
    const x = v128.load_splat<f32>(a);
    for (; op <= Binary.min && n >= 8; n -= 8, b += 32, out += 32) {
      const z0 = apply(op, x, v128.load(b)), z1 = apply(op, x, v128.load(b, 16));
      v128.store(out, z0);
      v128.store(out, z1, 16);
    }
    for (; n >= 4; n -= 4, b += 16, out += 16) v128.store(out, apply(op, x, v128.load(b)));
    if (n > 0) storePart(out, apply(op, x, loadPart(b, n)), n);
  } else {
    const z = apply(op, v128.load_splat<f32>(a), v128.load_splat<f32>(b));
    for (; n >= 4; n -= 4, out += 16) v128.store(out, z);
    if (n > 0) storePart(out, z, n);
  }
}

// A function of its own for each name, so that an engine compiles and optimises only what is used.
function runAdd(out: usize, a: usize, aStep: usize, b: usize, bStep: usize, n: i32): void {
  run(Binary.add, out, a, aStep, b, bStep, n);
}
function runSub(out: usize, a: usize, aStep: usize, b: usize, bStep: usize, n: i32): void {
  run(Binary.sub, out, a, aStep, b, bStep, n);
}
function runMul(out: usize, a: usize, aStep: usize, b: usize, bStep: usize, n: i32): void {
  run(Binary.mul, out, a, aStep, b, bStep, n);
}
function runDiv(out: usize, a: usize, aStep: usize, b: usize, bStep: usize, n: i32): void {
  run(Binary.div, out, a, aStep, b, bStep, n);
}
function runMax(out: usize, a: usize, aStep: usize, b: usize, bStep: usize, n: i32): void {
  run(Binary.max, out, a, aStep, b, bStep, n);
}
function runMin(out: usize, a: usize, aStep: usize, b: usize, bStep: usize, n: i32): void {
  run(Binary.min, out, a, aStep, b, bStep, n);
}
function runGreater(out: usize, a: usize, aStep: usize, b: usize, bStep: usize, n: i32): void {
  run(Binary.greater, out, a, aStep, b, bStep, n);
}
function runGreaterEqual(out: usize, a: usize, aStep: usize, b: usize, bStep: usize, n: i32): void {
  run(Binary.greaterEqual, out, a, aStep, b, bStep, n);
}
function runEqual(out: usize, a: usize, aStep: usize, b: usize, bStep: usize, n: i32): void {
  run(Binary.equal, out, a, aStep, b, bStep, n);
}
function runPow(out: usize, a: usize, aStep: usize, b: usize, bStep: usize, n: i32): void {
  run(Binary.pow, out, a, aStep, b, bStep, n);
}

/** The functions by their codes. */
function runRow(op: i32, out: usize, a: usize, aStep: usize, b: usize, bStep: usize, n: i32): void {
  switch (op) {
    case Binary.add: return runAdd(out, a, aStep, b, bStep, n);
    case Binary.sub: return runSub(out, a, aStep, b, bStep, n);
    case Binary.mul: return runMul(out, a, aStep, b, bStep, n);
    case Binary.div: return runDiv(out, a, aStep, b, bStep, n);
    case Binary.max: return runMax(out, a, aStep, b, bStep, n);
    case Binary.min: return runMin(out, a, aStep, b, bStep, n);
    case Binary.greater: return runGreater(out, a, aStep, b, bStep, n);
    case Binary.greaterEqual: return runGreaterEqual(out, a, aStep, b, bStep, n);
    case Binary.equal: return runEqual(out, a, aStep, b, bStep, n);
    default: return runPow(out, a, aStep, b, bStep, n);
  }
}

/**
 * out = f(a, b) over `rows` rows of `n`. Strides and steps in elements, 0 along what is broadcast. `out` may be `a` or
 * `b` where their strides agree.
 */
export function binary(
  op: i32, out: usize, outRow: usize, outStep: usize, a: usize, aRow: usize, aStep: usize,
  b: usize, bRow: usize, bStep: usize, rows: i32, n: i32,
): void {
  outRow <<= 2;
  aRow <<= 2;
  bRow <<= 2;
  outStep <<= 2;
  aStep <<= 2;
  bStep <<= 2;
  const smooth = outStep == 4 && (aStep & ~4) == 0 && (bStep & ~4) == 0;
  for (; rows > 0; rows--, out += outRow, a += aRow, b += bRow) {
    if (smooth) runRow(op, out, a, aStep, b, bStep, n);
    else for (let i: usize = 0; i < <usize>n; i++) runRow(op, out + i * outStep, a + i * aStep, 0, b + i * bStep, 0, 1);
  }
}
