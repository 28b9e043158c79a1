/**
 * What a thread of the simd backend does: wait for a job, take pieces of it, wait again (simd-pool.ts has the other end).
 *
 * Workers are made from the text of these functions, so that neither a bundle nor the package has a second file to
 * carry, and so that it is the same in Node and in browsers. Therefore they use nothing but arguments and globals, and
 * contain no functions of their own (a tool that keeps names would wrap those in a helper that is not there).
 */

/** No kernel takes more arguments. */
export const MAX_ARGS = 16;

/** Counters of different threads lie this many bytes apart: a cache line and its neighbour, which is fetched along. */
export const LINE = 128;

/** A kernel: numbers in, and a number out if it returns one. */
export type Kernel = (...args: readonly number[]) => number;

/** What all threads see. Arrays named in the singular hold one counter. */
export interface Shared {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Exports of the module, in the order in which jobs number them. */
  readonly names: readonly string[];
  /** Jobs so far; workers sleep on it. */
  readonly jobs: Int32Array;
  /** The next piece that nobody has taken. */
  readonly next: Int32Array;
  /** Workers that may be at a piece; the caller sleeps on it. */
  readonly busy: Int32Array;
  /** Workers that sleep, or are about to. */
  readonly asleep: Int32Array;
  readonly callerAsleep: Int32Array;
  /** Workers that are up. */
  readonly ready: Int32Array;
  /** Pieces that workers have computed. */
  readonly served: Int32Array;
  readonly failed: Int32Array;
  readonly stopped: Int32Array;
  /** Kernel, pieces, low, high, size, and the places of range, count and scratch (−1: none), bytes of scratch. */
  readonly plan: Int32Array;
  /** By how many bytes each argument moves from element to element. */
  readonly steps: Int32Array;
  readonly args: Float64Array;
  /** By piece. */
  readonly results: Float64Array;
}

/**
 * Takes pieces of the open job until none is left, and returns how many. The plan is read after a piece was taken: it is
 * complete before `next` opens a job, and does not change while anybody is at a piece. `own` holds a thread's arguments.
 */
export function drain(
  { next, plan, steps, args, results }: Shared,
  kernels: readonly Kernel[],
  thread: number,
  own: Float64Array,
): number {
  for (let taken = 0; ; taken++) {
    const piece = Atomics.add(next, 0, 1);
    if (piece >= plan[1]) return taken;
    const low = plan[2] + piece * plan[4];
    const high = Math.min(low + plan[4], plan[3]);
    // Address 0 means "none" and stays.
    for (let i = 0; i < own.length; i++) own[i] = args[i] === 0 ? 0 : args[i] + steps[i] * low;
    if (plan[5] >= 0) {
      own[plan[5]] = low;
      own[plan[5] + 1] = high;
    }
    if (plan[6] >= 0) own[plan[6]] = high - low;
    if (plan[7] >= 0) own[plan[7]] += thread * plan[8];
    // biome-ignore format: arguments that a kernel does not take are dropped
    results[piece] = kernels[plan[0]](
      own[0], own[1], own[2], own[3], own[4], own[5], own[6], own[7],
      own[8], own[9], own[10], own[11], own[12], own[13], own[14], own[15],
    );
  }
}

/** A worker's life. It looks for the next job `spins` times before it sleeps: waking up takes far longer than a look. */
export function serve(shared: Shared, thread: number, spins: number, take: typeof drain): void {
  const { module, memory, names, jobs, busy, asleep, callerAsleep, ready, served, failed, stopped } = shared;
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels: Kernel[] = [];
  for (const name of names) kernels.push(exports[name] as Kernel);
  const own = new Float64Array(shared.args.length);
  let seen = 0;
  Atomics.add(ready, 0, 1);
  while (Atomics.load(stopped, 0) === 0) {
    for (let i = 0; Atomics.load(jobs, 0) === seen; i++) {
      if (i < spins) continue;
      Atomics.add(asleep, 0, 1);
      Atomics.wait(jobs, 0, seen);
      Atomics.sub(asleep, 0, 1);
    }
    seen = Atomics.load(jobs, 0);
    Atomics.add(busy, 0, 1);
    try {
      Atomics.add(served, 0, take(shared, kernels, thread, own));
    } catch {
      Atomics.store(failed, 0, 1);
    }
    Atomics.sub(busy, 0, 1);
    if (Atomics.load(callerAsleep, 0) !== 0) Atomics.notify(busy, 0);
  }
  Atomics.sub(ready, 0, 1);
}
