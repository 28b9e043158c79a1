import { afterEach, describe, expect, it, vi } from 'vitest';
import { configureSimd, type SimdOptions, tensor, zeros } from '../../../src/index.js';
import { SimdBackend } from '../../../src/tensor/backends/simd.js';

const configure = (options: SimdOptions) => new SimdBackend().configure(options);

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('configureSimd', () => {
  it('takes part of the options at a time', () => {
    const backend = new SimdBackend();
    expect(backend.options).toEqual({ mebibytes: 1024, precision: 'exact', threads: 1, vectors: 128 });
    backend.configure({ mebibytes: 2 });
    backend.configure({ threads: 2 });
    backend.configure({ mebibytes: undefined, precision: 'fast' });
    expect(backend.options).toEqual({ mebibytes: 2, precision: 'fast', threads: 2, vectors: 128 });
    expect(backend.memory.floats.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(backend.memory.floats.byteLength).toBe(2 * 2 ** 20);
  });

  it.each<[SimdOptions, string]>([
    [{ mebibytes: 0 }, 'mebibytes must be 1 … 4096, got 0'],
    [{ mebibytes: 5000 }, 'mebibytes must be 1 … 4096, got 5000'],
    [{ threads: 0 }, 'threads must be a whole number, 1 … 64, got 0'],
    [{ threads: 1.5 }, 'threads must be a whole number, 1 … 64, got 1.5'],
    [{ vectors: 512 as 256 }, "vectors must be 128, 256 or 'auto', got 512"],
    [{ precision: 'double' as 'fast' }, "precision must be 'exact' or 'fast', got 'double'"],
  ])('refuses %o, and changes nothing', (options, message) => {
    const backend = new SimdBackend();
    expect(() => backend.configure({ mebibytes: 7, ...options })).toThrow(`configureSimd: ${message}`);
    expect(backend.options.mebibytes).toBe(1024);
  });

  it('is too late once there is a tensor', () => {
    configureSimd({ mebibytes: 64 });
    zeros([1]);
    expect(() => configureSimd({ mebibytes: 128 })).toThrow(
      'configureSimd: the memory is reserved already; call it before the first tensor',
    );
  });

  it('is named where memory runs out, with a size that is allowed', () => {
    const small = new SimdBackend();
    small.configure({ mebibytes: 1 });
    expect(() => small.memory.take(2 ** 20)).toThrow(
      'simd: the 1 MiB of memory are used up; call release() on optimizers that are done, or reserve more with configureSimd({ mebibytes: 2 }) before the first tensor',
    );
    expect(tensor([1]).add(1).item()).toBe(2);
  });
});

describe('what cannot be had is refused, with what to do:', () => {
  it('relaxed SIMD', async () => {
    vi.resetModules();
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    const { SimdBackend: Fresh } = await import('../../../src/tensor/backends/simd.js');
    expect(() => new Fresh().configure({ precision: 'fast' })).toThrow(
      /^configureSimd: precision 'fast' needs .*use 'exact'/,
    );
  });

  it('shared memory', () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    expect(() => configure({ threads: 2 })).toThrow(
      /there is no SharedArrayBuffer: serve the page with Cross-/,
    );
    configure({ threads: 1 });
  });

  it('a page that is not isolated', () => {
    vi.stubGlobal('crossOriginIsolated', false);
    expect(() => configure({ threads: 2 })).toThrow(
      /^configureSimd: 2 threads cannot run here, .*threads: 1$/,
    );
  });

  it("a page's main thread", () => {
    vi.spyOn(Atomics, 'wait').mockImplementation(() => {
      throw new TypeError('Atomics.wait cannot be called in this context');
    });
    expect(() => configure({ threads: 2 })).toThrow("a page's main thread may not wait: train in a worker");
  });

  it('workers', () => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    expect(() => configure({ threads: 2 })).toThrow('there are no workers: use Node 20.16 or later');
  });
});
