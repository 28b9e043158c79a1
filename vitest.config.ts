import { defineConfig } from 'vitest/config';

/**
 * Tests that need a process of their own: they count memory, start processes, replace modules, or change what is set for
 * all (backends, threads, vectors). All others share their modules, which halves their time.
 */
const apart = [
  'test/{bench,browser,cli,conformance,experiments,kernels,scripts}/**/*.test.ts',
  'test/tensor/{backend,arguments,scope}.test.ts',
  'test/tensor/backends/*.test.ts',
  'test/**/*{memory,release,norm-meter,browser,replica,worker}*.test.ts',
  'test/*.test.ts',
];

// A hang, not a duration: no test takes a fiftieth of it on a quiet machine, and a busy one may be ten times slower.
const patience = { testTimeout: 300_000, hookTimeout: 300_000 };

export default defineConfig({
  test: {
    globalSetup: ['scripts/build-simd.mjs'],
    maxWorkers: '100%',
    projects: [
      { test: { name: 'apart', include: apart, ...patience } },
      {
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: apart,
          isolate: false,
          ...patience,
        },
      },
    ],
  },
});
