import { chromium } from 'playwright-core';
import { readFileSync } from 'node:fs';
import { it } from 'vitest';
import { bundleExample, serve } from './site.js';
import type { Plugin } from 'esbuild';

const swap = (filter: RegExp, edit: (s: string) => string): Plugin => ({
  name: 'swap',
  setup(b) {
    b.onLoad({ filter }, ({ path }) => {
      const before = readFileSync(path, 'utf8');
      const after = edit(before);
      if (after === before) throw new Error(`no change in ${path}`);
      return { contents: after, loader: path.endsWith('ts') ? 'ts' : 'js' };
    });
  },
});
const shim = swap(/node_modules\/ndarray\/ndarray\.js$/, () => `
class V { constructor(data, ...r) { const d = (r.length - 1) / 2; this.data = data; this.shape = r.slice(0, d); this.stride = r.slice(d, 2 * d); this.offset = r[2 * d] | 0; }
 get dimension() { return this.shape.length } get size() { return this.shape.reduce((a, b) => a * b, 1) } }
module.exports = (data, shape, stride, offset) => new V(data, ...shape, ...stride, offset);`);
it('scratch', async () => {
  const strict = "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";
  const coop = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic'] });
  const variants = {
    plain: () => ({}),
    strict: () => ({ 'content-security-policy': strict }),
    strictisolated: () => ({ 'content-security-policy': strict, ...coop }),
    nowasm: () => ({ 'content-security-policy': "script-src 'self'; worker-src 'self'" }),
  };
  const bundles: [string, Plugin[], string[]][] = [
    ['as is', [], ['plain']],
    ['ndarray shim', [shim], ['plain', 'strict', 'strictisolated', 'nowasm']],
    ['reference tanh = Math.tanh', [swap(/backends\/reference\.ts$/, (s) => s.replace(/^ {2}tanh,$/m, '  tanh: Math.tanh,'))], ['plain']],
    ['random log = Math.log', [swap(/tensor\/random\.ts$/, (s) => s.replace('-2 * log(', '-2 * Math.log('))], ['plain']],
    ['random cos = Math.cos', [swap(/tensor\/random\.ts$/, (s) => s.replace('* cos(', '* Math.cos('))], ['plain']],
    ['relaxed wasm', [swap(/simd\/load\.ts$/, (s) => s.replace('relaxed ? fused : plain', 'fused'))], ['plain']],
    ['clip 1+2^-20', [swap(/example\/training\.ts$/, (s) => s.replace('clipByGlobalNorm(1)', 'clipByGlobalNorm(1 + 2 ** -20)'))], ['plain']],
  ];
  for (const [name, plugins, on] of bundles) {
    const files = await bundleExample(plugins);
    const site = await serve(files, variants);
    for (const variant of on)
      for (const q of ['?backend=simd&steps=50', '?backend=reference&steps=10']) {
        const page = await browser.newPage();
        page.on('console', (m) => console.log('console', m.type(), m.text()));
        page.on('pageerror', (m) => console.log('pageerror', m));
        await page.goto(site.url(variant, q));
        await page.waitForFunction(() => /result|error/.test(document.querySelector('output')!.textContent!), null, { timeout: 20000 });
        console.log(name, variant, q, (await page.textContent('output'))!.slice(0, 200));
        await page.close();
      }
    if (name === 'as is') {
      const page = await browser.newPage();
      page.on('console', (m) => console.log('console', m.type(), m.text()));
      await page.goto(site.url('plain'));
      for (const [job, steps] of [['simd', 2000], ['reference', 10]] as const) console.log('main', JSON.stringify(await page.evaluate(`(async () => { const gaps = []; let last = performance.now(); setInterval(() => { const n = performance.now(); gaps.push(Math.round(n - last)); last = n; }, 10); const before = globalThis.GPU; const m = await import('./training.js'); const r = await m.trainLatch({ seed: 1, steps: ${steps}, backend: '${job}' }); return [r, gaps.length, gaps, globalThis.GPU === before, String(globalThis.GPU).slice(0, 60)]; })()`)));
      await page.close();
    }
    await site.close();
  }
  await browser.close();
}, 120000);
