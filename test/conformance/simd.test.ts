import { simd } from '../../src/tensor/backends/simd.js';
import { runConformance } from './suite.js';

runConformance(simd);
