/**
 * Every clipper, one line each. What this file exports is public and must pass the laws of all clippers (test/clip/laws).
 */

export { type AdaGCOptions, adaGC } from './ada-gc.js';
export { type AutoClipOptions, autoClip } from './auto-clip.js';
export { type CapNormGrowthOptions, capNormGrowth } from './cap-norm-growth.js';
export { clipByBlockRms } from './clip-by-block-rms.js';
export { clipByGlobalNorm } from './clip-by-global-norm.js';
export { clipByGroupNorm } from './clip-by-group-norm.js';
export { clipByTensorNorm } from './clip-by-tensor-norm.js';
export { clipByValue } from './clip-by-value.js';
export { clipSpikes } from './clip-spikes.js';
export { type ClipUnitwiseOptions, clipUnitwise } from './clip-unitwise.js';
export { type ClipUpdateByRmsOptions, clipUpdateByRms } from './clip-update-by-rms.js';
export { skipAbove } from './skip-above.js';
export { skipNonFinite } from './skip-non-finite.js';
export { type SkipSpikesOptions, skipSpikes } from './skip-spikes.js';
export { type ZClipOptions, zClip } from './z-clip.js';
