/** The compiled kernels, deflated, as base64. Written by scripts/build-simd.mjs. */
export const plain: string;
/** The build with fused multiply-adds; to be inflated with the first `dictionary` bytes of the other. */
export const relaxed: string;
export const dictionary: number;
