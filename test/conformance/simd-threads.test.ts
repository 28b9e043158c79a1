import { afterAll, beforeAll, expect, it } from 'vitest';
import { registerBackend } from '../../src/extend.js';
import { SimdBackend } from '../../src/tensor/backends/simd.js';
import { threadsUp } from '../tensor/backends/threads.js';
import { runConformance } from './suite.js';

const simd = Object.assign(new SimdBackend({ multiplyAdds: 0, elements: 0 }), { name: 'simd-threads' });
simd.configure({ threads: 2 });
registerBackend(simd);

beforeAll(() => threadsUp(simd));
afterAll(() => simd.pool?.stop());

runConformance(simd);

it('a second thread did its share of this', () => {
  expect(simd.pool?.served).toBeGreaterThan(0);
});
