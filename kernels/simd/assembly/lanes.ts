/*
 * The few operations on four lanes that every kernel shares: the multiply-add that the `relaxed` build turns into one
 * fused instruction, and reading or writing fewer than four floats without touching what lies behind them.
 */

/** a · b + c: two roundings in the plain build, one in the relaxed build. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c − a · b, likewise. */
// @ts-ignore: decorator
@inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

/**
 * Where eight zeros lie: the memory below 64 is nobody's (address 0 means "none"), so nothing is ever written there. A
 * tile that starts from zeros reads them, since V8 packs neighbouring vectors into 256 bits only if each half of what a
 * loop carries comes from memory.
 */
export const ZEROS: usize = 32;

/** Where it stands whether V8 packs vectors into 256 bits: 1 if so (load.ts writes it), for all threads of a memory. */
const WIDE: usize = 16;

/** Whether tiles may count on vectors of 256 bits. */
// @ts-ignore: decorator
@inline
export function isWide(): bool {
  return load<i32>(WIDE) != 0;
}

let heldFloat: f32 = 0;

/**
 * The same value, from a variable. V8 moves arithmetic on unchanging operands into the loop that uses the result, so that the
 * conversion of an argument would be made again in every iteration; what comes from a variable stays outside. A float and
 * not a vector, to be splat in the loop: beside a vector from a variable V8 packs nothing into 256 bits.
 */
// @ts-ignore: decorator
@inline
export function holdFloat(x: f32): f32 {
  heldFloat = x;
  return heldFloat;
}

/** The first `count` (1 … 3) floats at `from`; the other lanes are 0. */
export function loadPart(from: usize, count: i32): v128 {
  let v = f32x4.replace_lane(f32x4.splat(0), 0, load<f32>(from));
  if (count > 1) v = f32x4.replace_lane(v, 1, load<f32>(from, 4));
  if (count > 2) v = f32x4.replace_lane(v, 2, load<f32>(from, 8));
  return v;
}

/** Writes the first `count` (1 … 3) lanes to `to` and nothing else. */
export function storePart(to: usize, v: v128, count: i32): void {
  store<f32>(to, f32x4.extract_lane(v, 0));
  if (count > 1) store<f32>(to, f32x4.extract_lane(v, 1), 4);
  if (count > 2) store<f32>(to, f32x4.extract_lane(v, 2), 8);
}

/** The first `count` (1 … 4) floats at `from`. */
// @ts-ignore: decorator
@inline
export function loadUpTo4(from: usize, count: i32): v128 {
  return count >= 4 ? v128.load(from) : loadPart(from, count);
}

/** Writes the first `count` (1 … 4) lanes. */
// @ts-ignore: decorator
@inline
export function storeUpTo4(to: usize, v: v128, count: i32): void {
  if (count >= 4) v128.store(to, v);
  else storePart(to, v, count);
}
