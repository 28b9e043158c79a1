import { registerBackend } from '../../src/extend.js';
import { SimdBackend } from '../../src/tensor/backends/simd.js';
import { runConformance } from './suite.js';

const simd = Object.assign(new SimdBackend(), { name: 'simd-fast' });
simd.configure({ precision: 'fast' });
registerBackend(simd);
// The suite's tolerances are wide enough: a fused multiply-add rounds once where the exact build rounds twice.
runConformance(simd);
