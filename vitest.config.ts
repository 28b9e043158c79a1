import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['scripts/build-simd.mjs'],
    // A hang, not a duration: no test takes a fiftieth of it on a quiet machine, and a busy one may be ten times slower.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: '100%',
  },
});
