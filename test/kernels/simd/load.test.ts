import { readFileSync } from 'node:fs';
import v8 from 'node:v8';
import { describe, expect, it, vi } from 'vitest';
import { UNARY } from '../../../kernels/simd/kernels.js';
import { loadKernels, relaxedSimd } from '../../../kernels/simd/load.js';

describe('loadKernels', () => {
  it('reserves a memory of a fixed size, shared on request', () => {
    const { memory } = loadKernels({ pages: 3 });
    expect(memory.buffer).toBeInstanceOf(ArrayBuffer);
    expect(memory.buffer.byteLength).toBe(3 * 65536);
    expect(() => memory.grow(1)).toThrow();
    expect(loadKernels({ shared: true }).memory.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('works on a memory that already exists, and twice on one', () => {
    const first = loadKernels({ pages: 2, shared: true });
    const second = loadKernels({ memory: first.memory, shared: true });
    const floats = new Float32Array(first.memory.buffer, 1024, 5).fill(-2);
    second.exports.unary(UNARY.abs, 1024, 1024, 5);
    first.exports.unary(UNARY.sqrt, 1024, 1024, 5);
    expect([...floats]).toEqual(new Array(5).fill(Math.fround(Math.SQRT2)));
  });

  it('writes nothing into the memory but whether it is wide', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    const bytes = new Uint8Array(memory.buffer).fill(7);
    loadKernels({ memory });
    const written = [...bytes.keys()].filter((at) => bytes[at] !== 7);
    expect(written).toEqual([16, 17, 18, 19]);
  });

  it('has exactly the exports that the interface lists', () => {
    const listed = ['kernels.ts', 'recurrent-kernels.ts'].flatMap((name) => {
      const text = readFileSync(new URL(`../../../kernels/simd/${name}`, import.meta.url), 'utf8');
      const methods = text.slice(text.search(/interface \w+Kernels/)).matchAll(/^ {2}(\w+)\(/gm);
      return [...methods].map((match) => match[1]);
    });
    expect(listed.sort()).toEqual(Object.keys(loadKernels().exports).sort());
  });

  it.skipIf(!relaxedSimd())('fuses multiply and add in the relaxed build alone', () => {
    // 1 + 2⁻¹² squared is 1 + 2⁻¹¹ + 2⁻²⁴: less 1 + 2⁻¹¹, only a fused product leaves the last term.
    for (const relaxed of [false, true]) {
      const { memory, exports } = loadKernels({ relaxed });
      const floats = new Float32Array(memory.buffer, 1024, 3);
      floats.set([1 + 2 ** -12, -(1 + 2 ** -11), 0]);
      exports.matmul(1032, 1, 1028, 1, 1024, 1, 1, 1024, 1, 1, 0, 1, 1, 1, 0, 4096);
      expect([0, 2 ** -24]).toContain(floats[2]);
      if (!relaxed) expect(floats[2]).toBe(0);
    }
  });

  it.each([
    ['11.3.244.8-node.30', 1],
    ['11.4.183.1', 0],
    ['13.6.233.17-node.50', 0],
    [undefined, 0],
  ])('asks V8 %s for relaxed SIMD by a flag only where V8 has that flag', async (version, times) => {
    const setFlag = vi.spyOn(v8, 'setFlagsFromString').mockReturnValue();
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    vi.spyOn(process, 'versions', 'get').mockReturnValue({ ...process.versions, v8: version! });
    vi.resetModules();
    const fresh = await import('../../../kernels/simd/load.js');
    expect(fresh.relaxedSimd()).toBe(false);
    expect(setFlag).toHaveBeenCalledTimes(times);
    vi.restoreAllMocks();
  });
});
