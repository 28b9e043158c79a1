/*
 * What the machine can do at most, for the benchmark (bench/kernels): multiply-adds per second of a register tile fed
 * from the first cache and of independent chains in registers. The larger of the two is the peak.
 */

import { madd } from './lanes';

/** A 4 × 8 tile over k steps, `repeats` times; reads k · 48 bytes at `a`, writes 128 bytes at `out`. */
export function tile(out: usize, a: usize, k: i32, repeats: i32): void {
  const zero = f32x4.splat(0);
  for (; repeats > 0; repeats--) {
    let c0 = zero, c1 = zero, c2 = zero, c3 = zero, c4 = zero, c5 = zero, c6 = zero, c7 = zero;
    let p = a;
    for (let n = k; n > 0; n--, p += 48) {
      const b0 = v128.load(p), b1 = v128.load(p, 16);
      const x0 = v128.load_splat<f32>(p, 32);
      c0 = madd(x0, b0, c0);
      c1 = madd(x0, b1, c1);
      const x1 = v128.load_splat<f32>(p, 36);
      c2 = madd(x1, b0, c2);
      c3 = madd(x1, b1, c3);
      const x2 = v128.load_splat<f32>(p, 40);
      c4 = madd(x2, b0, c4);
      c5 = madd(x2, b1, c5);
      const x3 = v128.load_splat<f32>(p, 44);
      c6 = madd(x3, b0, c6);
      c7 = madd(x3, b1, c7);
    }
    v128.store(out, c0);
    v128.store(out, c1, 16);
    v128.store(out, c2, 32);
    v128.store(out, c3, 48);
    v128.store(out, c4, 64);
    v128.store(out, c5, 80);
    v128.store(out, c6, 96);
    v128.store(out, c7, 112);
  }
}

/** Ten independent chains of n multiply-adds each; returns their sum, so that none can be left out. */
export function chains(n: i32): f32 {
  const m = f32x4.splat(0.9999999), d = f32x4.splat(1e-7);
  let c0 = f32x4.splat(0), c1 = f32x4.splat(1), c2 = f32x4.splat(2), c3 = f32x4.splat(3), c4 = f32x4.splat(4);
  let c5 = f32x4.splat(5), c6 = f32x4.splat(6), c7 = f32x4.splat(7), c8 = f32x4.splat(8), c9 = f32x4.splat(9);
  for (; n > 0; n--) {
    c0 = madd(c0, m, d);
    c1 = madd(c1, m, d);
    c2 = madd(c2, m, d);
    c3 = madd(c3, m, d);
    c4 = madd(c4, m, d);
    c5 = madd(c5, m, d);
    c6 = madd(c6, m, d);
    c7 = madd(c7, m, d);
    c8 = madd(c8, m, d);
    c9 = madd(c9, m, d);
  }
  const low = f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3));
  const high = f32x4.add(f32x4.add(c4, c5), f32x4.add(c6, f32x4.add(c7, f32x4.add(c8, c9))));
  return f32x4.extract_lane(f32x4.add(low, high), 0);
}
