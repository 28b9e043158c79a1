/**
 * Threads of the simd backend: workers that run kernels over the same memory, side by side with the thread that calls.
 *
 * A job is one kernel call cut into pieces; every thread takes the next piece until none is left. Which thread computes
 * a piece changes no bit of it, so the caller never waits for a worker to start, to wake up or to come back from what
 * else the machine is doing: it goes on alone, and waits only for pieces that somebody has begun. Control is a handful
 * of integers in shared memory: a job sends no message and makes no garbage.
 */

import type { LoadedKernels } from '../../../kernels/simd/load.js';
import { drain, type Kernel, LINE, MAX_ARGS, type Shared } from './simd-worker.js';
import { startWorker } from './simd-worker-start.js';

/** Pieces of one job, at most: a memory of 4 GiB in stretches of 65,536 floats. */
const MAX_PIECES = 16384;
/** `next` while no job is open: above any number of pieces, far from overflow. */
const CLOSED = 1 << 30;
/** How often the caller looks whether the others are done before it sleeps. */
const SPINS = 20_000;

/** How a call is cut: pieces of `size` out of low … high. Places are positions among the kernel's arguments. */
export interface Pieces {
  readonly low: number;
  readonly high: number;
  readonly size: number;
  /** Where the kernel takes its first row, and next to it the row after the last. */
  readonly range?: number;
  /** Where it takes how many there are; addresses then move by `steps`. */
  readonly count?: number;
  /** Where it takes scratch memory, of so many bytes for each thread. */
  readonly scratch?: number;
  readonly scratchBytes?: number;
}

/** The caller and its workers. They are started by the first job, and end with the process. */
export class ThreadPool {
  /** The caller included. */
  readonly threads: number;
  readonly #shared: Shared;
  readonly #kernels: readonly Kernel[];
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #own = new Float64Array(MAX_ARGS);
  #started = false;
  #broken: Error | null = null;

  constructor({ module, memory, exports }: LoadedKernels, threads: number) {
    this.threads = threads;
    const names = Object.keys(exports);
    this.#numbers = new Map(names.map((name, i) => [name, i]));
    this.#kernels = Object.values(exports) as Kernel[];
    this.#shared = share(module, memory, names);
  }

  /** Workers that are up. */
  get ready(): number {
    return Atomics.load(this.#shared.ready, 0);
  }

  /** Pieces that workers have computed so far: what the threads were good for. */
  get served(): number {
    return Atomics.load(this.#shared.served, 0);
  }

  /** Starts the workers, without waiting for them. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    for (let thread = 1; thread < this.threads; thread++) {
      startWorker(this.#shared, thread, (error) => {
        this.#broken ??= error;
      });
    }
  }

  /** Ends the workers; what is computed from now on is computed alone. */
  stop(): void {
    this.#started = true;
    Atomics.store(this.#shared.stopped, 0, 1);
    Atomics.add(this.#shared.jobs, 0, 1);
    Atomics.notify(this.#shared.jobs, 0);
  }

  /** Writes down the call that is to be cut, before `step` and `run`. */
  // biome-ignore format: a kernel's arguments, in one row
  describe(
    kernel: string, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0,
    i = 0, j = 0, k = 0, l = 0, m = 0, n = 0, o = 0, p = 0,
  ): void {
    const { args, plan, steps } = this.#shared;
    plan[0] = this.#numbers.get(kernel)!;
    steps.fill(0);
    args[0] = a; args[1] = b; args[2] = c; args[3] = d;
    args[4] = e; args[5] = f; args[6] = g; args[7] = h;
    args[8] = i; args[9] = j; args[10] = k; args[11] = l;
    args[12] = m; args[13] = n; args[14] = o; args[15] = p;
  }

  /** From one element of low … high to the next, the address at `place` moves by so many bytes; 0 stays 0. */
  step(place: number, bytes: number): void {
    this.#shared.steps[place] = bytes;
  }

  /** Runs the call that was described, and returns how many pieces it was cut into. */
  run({ low, high, size, range = -1, count = -1, scratch = -1, scratchBytes = 0 }: Pieces): number {
    if (this.#broken) throw this.#broken;
    this.start();
    const { plan, next, jobs, asleep, failed } = this.#shared;
    const pieces = Math.ceil((high - low) / size);
    plan[1] = pieces;
    plan[2] = low;
    plan[3] = high;
    plan[4] = size;
    plan[5] = range;
    plan[6] = count;
    plan[7] = scratch;
    plan[8] = scratchBytes;
    Atomics.store(failed, 0, 0);
    Atomics.store(next, 0, 0);
    Atomics.add(jobs, 0, 1);
    if (Atomics.load(asleep, 0) > 0) Atomics.notify(jobs, 0, pieces - 1);
    try {
      drain(this.#shared, this.#kernels, 0, this.#own);
    } finally {
      // Closed before the plan may change: a worker that comes late finds nothing to take.
      Atomics.store(next, 0, CLOSED);
      this.#awaitWorkers();
    }
    if (Atomics.load(failed, 0) !== 0) throw new Error('simd: a kernel failed in a thread');
    return pieces;
  }

  /** What a piece's kernel returned. */
  resultOf(piece: number): number {
    return this.#shared.results[piece];
  }

  /** Looks for a while, since most pieces end soon, then sleeps. */
  #awaitWorkers(): void {
    const { busy, callerAsleep } = this.#shared;
    for (let i = 0; Atomics.load(busy, 0) !== 0; i++) {
      if (i < SPINS) continue;
      Atomics.store(callerAsleep, 0, 1);
      const count = Atomics.load(busy, 0);
      if (count !== 0) Atomics.wait(busy, 0, count);
      Atomics.store(callerAsleep, 0, 0);
    }
  }
}

/** The control block: each counter in a line of its own. */
function share(module: WebAssembly.Module, memory: WebAssembly.Memory, names: readonly string[]): Shared {
  const buffer = new SharedArrayBuffer(12 * LINE + 8 * (MAX_ARGS + MAX_PIECES));
  const line = (i: number, length = 1) => new Int32Array(buffer, i * LINE, length);
  const next = line(1);
  next[0] = CLOSED;
  return {
    module,
    memory,
    names,
    jobs: line(0),
    next,
    busy: line(2),
    asleep: line(3),
    callerAsleep: line(4),
    ready: line(5),
    served: line(6),
    failed: line(7),
    stopped: line(8),
    plan: line(9, 9),
    steps: line(10, MAX_ARGS),
    args: new Float64Array(buffer, 12 * LINE, MAX_ARGS),
    results: new Float64Array(buffer, 12 * LINE + 8 * MAX_ARGS, MAX_PIECES),
  };
}
