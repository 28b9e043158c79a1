import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['scripts/build-simd.mjs'],
    testTimeout: 30_000,
    maxWorkers: '100%',
  },
});
