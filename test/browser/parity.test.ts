/**
 * The same bits in a browser: the example of docs/browser.md, bundled, served and run in a worker of headless Chromium,
 * ends in the parameters that it ends in here. Without Chromium the tests are skipped, but fail where CI is true.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startLatch } from '../../demos/latch/model.js';
import { clipByGlobalNorm, SGD, train } from '../../src/index.js';
import { launch, missing, visit, visitThreaded } from './chromium.js';
import { hashOf, type Job, trainLatch } from './example/training.js';
import { hashNumbers } from './numbers.js';
import { bundle, serve, sizesOf, type Variant } from './site.js';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const latch: Job = { seed: 1, steps: 50, backend: 'simd' };
const jobs: readonly Job[] = [latch, { seed: 1, steps: 10, backend: 'reference' }];
/** What they come to here. */
const expected = [await trainLatch(latch), await trainLatch(jobs[1])];

const files = await bundle();
const withoutNdarray = await bundle({ alias: { ndarray: path('example/ndarray.ts') } });
const policy = (text: string) => ({ 'content-security-policy': text });
const plain = "script-src 'self'; worker-src 'self'";
const strict = "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";
const isolating = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** The ways to serve the page under which it works. */
const variants = {
  'no headers': { files },
  'cross-origin isolation': { files, headers: () => isolating },
  'a policy under which only the worker may evaluate text': {
    files,
    headers: (name) => policy(name === 'worker.js' ? "script-src 'self' 'unsafe-eval'" : plain),
  },
  'a strict policy and a stand-in for ndarray': {
    files: withoutNdarray,
    headers: () => ({ ...isolating, ...policy(strict) }),
  },
} satisfies Record<string, Variant>;

/** And those under which it does not. */
const forbidding = {
  'a strict policy': { files, headers: () => policy(strict) },
  'a policy without WebAssembly': { files: withoutNdarray, headers: () => policy(plain) },
} satisfies Record<string, Variant>;

const skipped = missing !== null && process.env.CI !== 'true';
if (skipped) console.warn(`test/browser: skipped, ${missing}`);

describe.skipIf(skipped)(`in Chromium${skipped ? `: skipped, ${missing}` : ''}`, () => {
  let browser: Browser;
  let site: Awaited<ReturnType<typeof serve>>;

  beforeAll(async () => {
    browser = await launch();
    site = await serve({ ...variants, ...forbidding });
  });

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  it.each(Object.keys(variants))('trains to the bits that it trains to in Node, with %s', async (variant) => {
    const visits = await Promise.all(jobs.map((job) => visit(browser, site.address(variant), job)));
    for (const [i, { shown, isolated, complaints }] of visits.entries()) {
      expect(shown).toEqual({ result: { ...expected[i], wallMs: expect.any(Number) } });
      expect(complaints).toEqual([]);
      expect(isolated).toBe(/isolation|stand-in/.test(variant));
    }
  });

  it('trains on two threads to the bits of one, where the page is isolated, and else says what it lacks', async () => {
    const job = { ...latch, threads: 2 };
    const isolated = await visitThreaded(browser, site.address('cross-origin isolation'), job);
    expect(isolated).toEqual({
      result: { hash: expected[0].hash, backend: 'simd', served: expect.any(Number) },
    });
    expect(isolated.result!.served).toBeGreaterThan(0);
    const open = await visitThreaded(browser, site.address('no headers'), job);
    expect(open.error).toMatch(
      /2 threads cannot run here, there is no SharedArrayBuffer: serve the page with Cross-/,
    );
  });

  it.each([
    ['a strict policy', /^EvalError: .*unsafe-eval/],
    ['a policy without WebAssembly', /^CompileError: .*WebAssembly/],
  ])('says what is forbidden under %s', async (variant, message) => {
    const { shown } = await visit(browser, site.address(variant), latch);
    expect(shown.error).toMatch(message);
  });

  it('leaves the page its main thread while the worker trains', async () => {
    const job: Job = { seed: 1, steps: 30, backend: 'reference' };
    const { shown, ticks } = await visit(browser, site.address('no headers'), job);
    // On the main thread it could tick between steps only, which is every 50 ms at best.
    expect(ticks).toBeGreaterThan((0.25 * shown.result!.wallMs) / 10);
  });

  it('computes the same on the main thread, and random numbers and functions to the last bit', async () => {
    const page = await browser.newPage();
    await page.goto(site.address('no headers'));
    const hash = await page.evaluate("import('./numbers.js').then((module) => module.hashNumbers())");
    const job = JSON.stringify(latch);
    const result = await page.evaluate(`import('./training.js').then((module) => module.trainLatch(${job}))`);
    await page.close();
    expect(hash).toBe(await hashNumbers());
    expect(result).toMatchObject({ hash: expected[0].hash, backend: 'simd' });
  });
});

describe('the example', () => {
  it('runs on the backends asked for and on the default norm device', () => {
    expect(expected).toMatchObject(
      jobs.map(({ backend, steps }) => ({ backend, steps, normDevice: 'webasm' })),
    );
  });

  it('comes to the same on two threads', async () => {
    vi.resetModules(); // a backend is configured once
    const { trainOnThreads } = await import('./threaded.js');
    const { hash, served } = await trainOnThreads({ ...latch, threads: 2 });
    expect(hash).toBe(expected[0].hash);
    expect(served).toBeGreaterThan(0);
  });

  it('is the latch of the demo', async () => {
    const own = { rho: 1.2, activation: 'tanh' };
    const { model, batches, loss } = startLatch({ ...latch, lr: 0.1, optimizer: 'sgd', clips: [], own });
    const optimizer = new SGD(model.parameters(), { lr: 0.1, hooks: [clipByGlobalNorm(1)] });
    await train({ model, batches, optimizer, steps: 50, loss: (_, batch, step) => loss(batch, step) });
    expect(await hashOf(model)).toBe(expected[0].hash);
  });

  it('stands in docs/browser.md word for word', () => {
    const page = readFileSync(path('../../docs/browser.md'), 'utf8');
    for (const name of ['worker.ts', 'page.ts', 'ndarray.ts'])
      expect(page).toContain(`\`\`\`ts\n${readFileSync(path(`example/${name}`), 'utf8')}\`\`\`\n`);
  });

  it('is small, and loads gpu.js apart', () => {
    const { library, gpu } = sizesOf(files);
    console.info(`browser bundle: ${library.toFixed(0)} kB gzipped, gpu.js ${gpu.toFixed(0)} kB more`);
    expect(library).toBeLessThan(100);
    expect(gpu).toBeGreaterThan(100);
  });
});
