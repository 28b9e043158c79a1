/** The compiled kernels as base64: `plain`, and `relaxed` with fused multiply-adds. Written by scripts/build-simd.mjs. */
export const plain: string;
export const relaxed: string;
