import { reference } from '../../src/tensor/backends/reference.js';
import { runConformance } from './suite.js';

runConformance(reference);
