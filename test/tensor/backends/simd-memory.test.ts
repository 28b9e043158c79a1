import { describe, expect, it } from 'vitest';
import { SimdBackend } from '../../../src/tensor/backends/simd.js';
import { makeView } from '../../../src/tensor/view.js';

function small(): SimdBackend {
  const backend = new SimdBackend();
  backend.configure({ mebibytes: 1 });
  return backend;
}

function ones(size: number) {
  return makeView(new Float32Array(size).fill(1), [size], [1], 0);
}

const usedUp =
  /^simd: the 1 MiB of memory are used up; call release\(\) on optimizers that are done, or reserve more with configureSimd\(\{ mebibytes: 2 \}\)/;

describe('memory that is used up', () => {
  it('leaves no temporary behind when a call does not fit: the next smaller one does', () => {
    const backend = small();
    const mark = backend.memory.mark();
    for (let i = 0; i < 3; i++) {
      expect(() => backend.binary('add', ones(120_000), ones(120_000), ones(120_000))).toThrow(usedUp);
    }
    expect(backend.memory.mark()).toBe(mark);
    const out = ones(50_000);
    backend.binary('add', ones(50_000), ones(50_000), out);
    expect(out.data[49_999]).toBe(2);
  });

  it('is not lost to a block that does not fit', () => {
    const backend = small();
    expect(() => backend.memory.allocateBlock('float32', 300_000)).toThrow(usedUp);
    expect(backend.memory.allocateBlock('float32', 200_000)).toHaveLength(200_000);
  });

  it('keeps tensors of a scope while calls come and go, and gives them back at its end', () => {
    const backend = small();
    const mark = backend.memory.mark();
    const first = backend.memory.allocate('float32', 8, 'scope').offset;
    backend.unary('neg', ones(4), ones(4));
    expect(backend.memory.allocate('float32', 8, 'scope').offset).toBe(first + 8);
    backend.memory.release(mark);
    expect(backend.memory.allocate('float32', 8, 'scope').offset).toBe(first);
  });
});
