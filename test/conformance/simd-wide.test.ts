import { expect, it } from 'vitest';
import { wideVectors } from '../../kernels/simd/load.js';
import { registerBackend } from '../../src/extend.js';
import { SimdBackend } from '../../src/tensor/backends/simd.js';
import { runConformance } from './suite.js';

if (wideVectors()) {
  const simd = Object.assign(new SimdBackend(), { name: 'simd-wide' });
  simd.configure({ vectors: 256 });
  registerBackend(simd);
  runConformance(simd);
} else {
  it('without 256-bit vectors here, asking for them says so', () => {
    expect(() => new SimdBackend().configure({ vectors: 256 })).toThrow(
      "configureSimd: 256-bit vectors cannot be had here; use vectors: 'auto', or Node 24 or later on an x64 processor",
    );
  });
}
