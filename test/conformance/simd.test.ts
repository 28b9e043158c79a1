import { registerBackend } from '../../src/index.js';
import { SimdBackend } from '../../src/tensor/backends/simd.js';
import { runConformance } from './suite.js';

const simd = new SimdBackend();
registerBackend(simd);
runConformance(simd);
