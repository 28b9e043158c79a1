/** One thread and several, side by side in one process: the same calls must give the same bits. */

import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadKernels } from '../../../kernels/simd/load.js';
import { sizeOf } from '../../../src/extend.js';
import { Random, type Shape } from '../../../src/index.js';
import { SimdBackend } from '../../../src/tensor/backends/simd.js';
import { ThreadPool } from '../../../src/tensor/backends/simd-pool.js';
import { rowMajorStrides } from '../../../src/tensor/shape.js';
import { makeView } from '../../../src/tensor/view.js';
import { fingerprint } from '../support.js';
import { threadsUp } from './threads.js';

const alone = new SimdBackend();
const shared = [2, 3].map((threads) => {
  const backend = new SimdBackend({ multiplyAdds: 0, elements: 0 });
  backend.configure({ threads });
  return backend;
});

beforeAll(async () => {
  for (const backend of shared) await threadsUp(backend);
});
afterAll(() => {
  for (const { pool } of shared) pool!.stop();
});

/** Random numbers in a backend's memory: a block of its own for each call, forgotten at once with `release`. */
class Inputs {
  readonly #backend: SimdBackend;
  readonly #random: Random;

  constructor(backend: SimdBackend, seed: number) {
    this.#backend = backend;
    this.#random = new Random(seed);
  }

  view(shape: Shape, strides = rowMajorStrides(shape)) {
    const { data, offset } = this.#backend.memory.allocate('float32', sizeOf(shape), 'scope');
    for (let i = 0; i < sizeOf(shape); i++) data[offset + i] = this.#random.uniform(-1, 1);
    return makeView(data, shape, strides, offset);
  }

  block(size: number) {
    const view = this.view([size]);
    return view.data.subarray(view.offset, view.offset + size);
  }
}

type View = ReturnType<Inputs['view']>;
const bitsOf = ({ data, offset, shape }: View) => fingerprint(data.slice(offset, offset + sizeOf(shape)));

/** Runs the same on every backend; whatever it returns must be the same bits. */
function sameBits(seed: number, run: (backend: SimdBackend, inputs: Inputs) => unknown): void {
  const [want, ...got] = [alone, ...shared].map((backend) => {
    const mark = backend.memory.mark();
    const result = run(backend, new Inputs(backend, seed));
    backend.memory.release(mark);
    return result;
  });
  for (const result of got) expect(result, `seed ${seed}`).toEqual(want);
}

describe('threads change no bit of', () => {
  it('matmul, of any shape and layout', () => {
    for (let seed = 0; seed < 150; seed++) {
      const random = new Random(seed);
      const longest = [5, 40, 150, 300][seed % 4];
      const [m, n, k] = [0, 1, 2].map(() => Math.ceil(random.uniform(0, longest)));
      const [turnA, turnB] = [random.uniform() < 0.5, random.uniform() < 0.5];
      sameBits(seed, (backend, inputs) => {
        const a = inputs.view([m, k], turnA ? [1, m] : [k, 1]);
        const b = inputs.view([k, n], turnB ? [1, k] : [n, 1]);
        const out = inputs.view([m, n]);
        backend.matmul(a, b, out);
        return bitsOf(out);
      });
    }
  });

  it('affine and batches of matrices', () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = new Random(seed);
      const [m, n, k] = [0, 1, 2].map(() => Math.ceil(random.uniform(0, 90)));
      sameBits(seed, (backend, inputs) => {
        const out = inputs.view([m, n]);
        backend.fused.affine(inputs.view([m, k]), inputs.view([n, k]), inputs.view([n]), out);
        const batch = inputs.view([3, m, n]);
        backend.matmul(inputs.view([3, m, k]), inputs.view([3, k, n]), batch);
        return [bitsOf(out), bitsOf(batch)];
      });
    }
  });

  it('recurrences', () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = new Random(seed);
      const [steps, batch, hidden] = [9, 40, 40].map((most) => Math.ceil(random.uniform(0, most)));
      sameBits(seed, (backend, inputs) => {
        const [states, weight] = [inputs.view([steps, batch, hidden]), inputs.view([hidden, hidden])];
        const h0 = seed % 2 ? inputs.view([batch, hidden]) : null;
        backend.fused.recurrentForward('tanh', states, weight, h0);
        const [dh, dpre, upstream] = [0, 1, 2].map(() => inputs.view(states.shape));
        backend.fused.recurrentBackward('tanh', upstream, states, weight, dh, dpre);
        return [states, dh, dpre].map(bitsOf);
      });
    }
  });

  it('sequences of LSTM and GRU', () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = new Random(seed);
      const [steps, batch, hidden] = [9, 40, 40].map((most) => Math.ceil(random.uniform(0, most)));
      sameBits(seed, ({ fused }, inputs) => {
        const [cell, all] = [
          [batch, hidden],
          [steps, batch, hidden],
        ];
        const wide = (gates: number) => inputs.view([steps, batch, gates * hidden]);
        const weight = (gates: number) => inputs.view([gates * hidden, hidden]);
        const [h0, c0, dc] = [0, 1, 2].map(() => inputs.view(cell));
        const [first, second, dh] = [0, 1, 2].map(() => inputs.view(all));
        const upstream = inputs.view(seed % 2 ? all : cell);
        const [four, fours, lstm] = [wide(4), wide(4), weight(4)];
        fused.lstmForward(four, lstm, h0, c0, first, second);
        fused.lstmBackward(upstream, four, first, c0, lstm, dh, fours, dc);
        const bits = [four, first, second, dh, fours, dc].map(bitsOf);
        const [three, dinput, dhidden, gru] = [wide(3), wide(3), wide(3), weight(3)];
        fused.gruForward(three, gru, inputs.view([hidden]), h0, first, second);
        fused.gruBackward(upstream, three, first, second, h0, gru, dh, dinput, dhidden);
        return [...bits, ...[three, first, second, dh, dinput, dhidden].map(bitsOf)];
      });
    }
  });

  it('updates and measures of blocks', () => {
    const sgd = { lr: 0.1, momentum: 0.9, dampening: 0, nesterov: true, weightDecay: 0.01, maximize: false };
    const betas = [0.9, 0.99] as const;
    const adam = {
      lr: 0.1,
      stepSize: 0.1,
      correction: 0.3,
      betas,
      eps: 1e-8,
      weightDecay: 0,
      decoupled: false,
      maximize: false,
    };
    for (const [seed, size] of [8, 65536, 65544, 131_080, 300_000].entries()) {
      const [start, end] = [4, size];
      sameBits(seed, ({ fused }, inputs) => {
        const [values, grads, others, velocity, first, second] = [0, 1, 2, 3, 4, 5].map(() =>
          inputs.block(size),
        );
        for (let i = 0; i < size; i++) second[i] = Math.abs(second[i]);
        fused.sgd({ values, grads, start, end }, velocity, false, sgd);
        fused.sgd({ values: others, grads, start, end }, null, true, sgd);
        fused.adam({ values: others, grads, start, end }, { first, second, largest: null }, adam);
        fused.scaleBlock(grads, start, end, 0.37);
        const measured = [grads, first].flatMap((block) => [
          fused.sumSquares(block, start, end),
          fused.maxAbs(block, start, end),
        ]);
        return [
          measured,
          ...[values, grads, others, velocity, first, second].map((b) => fingerprint(b.slice())),
        ];
      });
    }
  });

  it('a NaN, wherever it lies', () => {
    for (const at of [0, 70_000, 199_999]) {
      sameBits(at, ({ fused }, inputs) => {
        const block = inputs.block(200_000);
        block[at] = Number.NaN;
        const found = [fused.maxAbs(block, 0, 200_000), fused.sumSquares(block, 0, 200_000)];
        expect(found).toEqual([Number.NaN, Number.NaN]);
        return found;
      });
    }
  });
});

describe('a pool of threads', () => {
  const PAGES = 4;
  const open = (threads = 2) => {
    const loaded = loadKernels({ pages: PAGES, shared: true });
    return { floats: new Float32Array(loaded.memory.buffer), pool: new ThreadPool(loaded, threads) };
  };
  const openUp = async (threads = 2) => {
    const opened = open(threads);
    opened.pool.start();
    await vi.waitFor(() => expect(opened.pool.ready).toBe(threads - 1), { timeout: 10_000 });
    return opened;
  };

  it('starts and stops a hundred times, at any moment, and computes all the while', async () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = new Random(seed);
      const { floats, pool } = open();
      floats.fill(1, 64, 64 + 4096);
      const jobs = Math.floor(random.uniform(1, 200));
      const stopAt = Math.floor(random.uniform(0, 200));
      for (let job = 0; job < jobs; job++) {
        if (job === stopAt) pool.stop();
        pool.describe('scaleBlock', 256, 4096, -1);
        pool.step(0, 4);
        pool.run({ low: 0, high: 4096, size: 64, count: 1 });
        if (seed % 4 === 0 && job % 50 === 0) await setTimeout(random.uniform(0, 8));
      }
      pool.stop();
      const want = jobs % 2 ? -1 : 1;
      expect(
        floats.subarray(64, 64 + 4096).every((x) => x === want),
        `seed ${seed}`,
      ).toBe(true);
    }
  });

  it('never takes a piece of one job for a piece of the next', async () => {
    const { floats, pool } = await openUp();
    floats.fill(1, 64, 64 + 256);
    for (let job = 0; job < 40_000; job++) {
      // One piece, and at once sixty-four: a worker that comes late for the first must not disturb the second.
      const [n, size] = job % 2 ? [4, 4] : [256, 4];
      pool.describe('scaleBlock', 256, n, -1);
      pool.step(0, 4);
      pool.run({ low: 0, high: n, size, count: 1 });
    }
    // 20,000 times each, an even number.
    expect(new Set(floats.subarray(64, 64 + 256))).toEqual(new Set([1]));
    pool.stop();
  });

  it('reports a kernel that fails, in whichever thread, and goes on', async () => {
    const { floats, pool } = await openUp();
    const job = (address: number) => {
      pool.describe('scaleBlock', address, 32_768, -1);
      pool.step(0, 4);
      return pool.run({ low: 0, high: 32_768, size: 4096, count: 1 });
    };
    for (let i = 0; i < 300; i++) {
      // The last of eight pieces lies behind the memory's end.
      expect(() => job(PAGES * 65536 - 4 * 7 * 4096)).toThrow(/out of bounds|a kernel failed in a thread/);
    }
    floats.fill(1, 64, 64 + 32_768);
    expect(job(256)).toBe(8);
    expect(new Set(floats.subarray(64, 64 + 32_768))).toEqual(new Set([-1]));
    pool.stop();
  });

  it('ends its workers when it stops, asleep or not', async () => {
    const { pool } = await openUp(3);
    await setTimeout(20);
    pool.stop();
    await vi.waitFor(() => expect(pool.ready).toBe(0));
  });
});

it('scratch memory is asked for as often as there are threads', () => {
  const [one, two] = [1, 2].map((threads) => {
    const backend = new SimdBackend({ multiplyAdds: 0, elements: 0 });
    backend.configure({ mebibytes: 1, threads });
    const matrix = new Inputs(backend, 1).view([2, 2]);
    return () => backend.matmul(matrix, matrix, new Inputs(backend, 1).view([2, 2]));
  });
  one();
  expect(two).toThrow('the 1 MiB of memory are used up');
});
