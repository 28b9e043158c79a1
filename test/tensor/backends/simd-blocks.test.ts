import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimdBackend } from '../../../src/tensor/backends/simd.js';
import { BlockMap } from '../../../src/tensor/backends/simd-blocks.js';
import { check } from '../support.js';

const END = 1000;

describe('blocks of a memory', () => {
  it('never share a position, lie above the floor, and leave nothing behind', () => {
    const steps = fc.array(fc.record({ room: fc.integer({ min: 1, max: 300 }), pick: fc.nat() }), {
      maxLength: 60,
    });
    check(
      fc.property(steps, fc.integer({ min: 0, max: 500 }), (list, floor) => {
        const map = new BlockMap(END);
        const owners = new Array<number>(END).fill(-1);
        const held: { start: number; room: number }[] = [];
        const free = ({ start, room }: { start: number; room: number }) => {
          expect([map.free(start), map.free(start)]).toEqual([true, false]);
          owners.fill(-1, start, start + room);
        };
        for (const [i, { room, pick }] of list.entries()) {
          if (pick % 2 && held.length > 0) free(held.splice(pick % held.length, 1)[0]);
          const start = map.take(room, floor);
          const text = owners
            .slice(floor)
            .map((owner) => (owner < 0 ? ' ' : 'x'))
            .join('');
          // Refused only where no stretch that is free is long enough.
          if (start === undefined) expect(text).not.toContain(' '.repeat(room));
          else {
            expect(start).toBeGreaterThanOrEqual(floor);
            expect(owners.slice(start, start + room).every((owner) => owner === -1)).toBe(true);
            owners.fill(i, start, start + room);
            held.push({ start, room });
          }
          expect(map.bottom).toBe(
            owners.findIndex((owner) => owner >= 0) < 0 ? END : owners.findIndex((owner) => owner >= 0),
          );
        }
        for (const block of held) free(block);
        expect(map.bottom).toBe(END);
        expect(map.take(END, 0)).toBe(0);
      }),
      300,
    );
  });

  it('are taken from the smallest gap that holds them', () => {
    const map = new BlockMap(END);
    const [a, b, c, d] = [100, 50, 30, 50].map((room) => map.take(room, 0)!);
    expect([a, b, c, d]).toEqual([900, 850, 820, 770]);
    map.free(a);
    map.free(c);
    expect(map.take(20, 0)).toBe(830);
    expect(map.take(20, 0)).toBe(980);
  });
});

describe('blocks of the simd backend', () => {
  it('keep their numbers while others come and go, and are zeros at first', () => {
    const sizes = fc.array(fc.record({ size: fc.integer({ min: 0, max: 3000 }), pick: fc.nat() }), {
      maxLength: 40,
    });
    const backend = new SimdBackend();
    backend.configure({ mebibytes: 1 });
    const { memory } = backend;
    check(
      fc.property(sizes, (list) => {
        const held: { block: ReturnType<typeof memory.allocateBlock>; value: number }[] = [];
        const free = ({ block, value }: (typeof held)[number]) => {
          expect(block.every((x) => x === value)).toBe(true);
          memory.freeBlock(block);
        };
        for (const [i, { size, pick }] of list.entries()) {
          if (pick % 3 === 0 && held.length > 0) free(held.splice(pick % held.length, 1)[0]);
          const block = memory.allocateBlock('float32', size);
          expect([block.length, block.byteOffset % 16]).toEqual([size, 0]);
          expect(block.every((x) => x === 0)).toBe(true);
          held.push({ block: block.fill(i + 1), value: i + 1 });
        }
        for (const each of held) free(each);
      }),
      60,
    );
    // Nothing is lost: all but the first cache line and the reserve of the arena is free again.
    expect(memory.allocateBlock('float32', 2 ** 18 - 16)).toHaveLength(2 ** 18 - 16);
  });

  it('can be freed once, and nothing else can', () => {
    const backend = new SimdBackend();
    backend.configure({ mebibytes: 1 });
    const block = backend.memory.allocateBlock('float32', 100);
    const wrong = 'simd: freeBlock takes what allocateBlock gave, once';
    expect(() => backend.memory.freeBlock(block.subarray(4))).toThrow(wrong);
    expect(() => backend.memory.freeBlock(new Float32Array(100))).toThrow(wrong);
    backend.memory.freeBlock(block);
    expect(() => backend.memory.freeBlock(block)).toThrow(wrong);
  });

  it('share the memory with the arena: neither grows into the other', () => {
    const backend = new SimdBackend();
    backend.configure({ mebibytes: 1 });
    const { memory } = backend;
    const mark = memory.mark();
    const low = memory.allocateBlock('float32', 100_000);
    const lowest = memory.allocateBlock('float32', 100_000);
    memory.allocate('float32', 60_000, 'scope');
    memory.freeBlock(low);
    expect(() => memory.allocate('float32', 60_000, 'scope')).toThrow(
      'used up; call release() on optimizers',
    );
    memory.freeBlock(lowest);
    memory.allocate('float32', 60_000, 'scope');
    expect(() => memory.allocateBlock('float32', 150_000)).toThrow('used up');
    memory.release(mark);
    memory.allocateBlock('float32', 150_000);
  });
});
