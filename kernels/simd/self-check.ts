/*
 * Whether a kernel gives the same bits in two builds, on shapes with whole vectors, pairs of vectors, and remainders. For builds
 * that an engine's experimental pass has changed: nobody else has tested those.
 */

import { ACTIVATION, type Address, BINARY, OPTIM, REDUCE, type SimdKernels, UNARY } from './kernels.js';

/** Memory is used in places of 16 KiB: 0 … 7 are only read, 8 … 14 are written, 15 holds integers; then scratch. */
const PLACE = 1 << 14;
/** Nothing lies below. */
const FIRST = 64;
const at = (place: number): Address => FIRST + place * PLACE;
const WRITTEN = at(8);
const INTEGERS = at(15);
const PLACES_WRITTEN = 7;
/** Floats of a place that a call may write. */
const LONGEST = 1024;
const SCRATCH = at(16);
/** What the check needs: the places and the scratch of a matmul. */
export const SELF_CHECK_PAGES = 16;

/** Arguments of a kernel, one list for each call. */
type Calls = { readonly [K in keyof SimdKernels]: readonly Readonly<Parameters<SimdKernels[K]>>[] };

const lengths = [37, 128];
const codes = (of: Readonly<Record<string, number>>) => Object.values(of);

/** Products m × n × k: whole tiles, remainders in every direction, more than one block along k, vectors. */
const products = [
  [8, 16, 12],
  [7, 13, 300],
  [5, 37, 300],
  [1, 37, 20],
  [37, 1, 20],
] as const;

/** Hidden units of recurrent layers; three steps of a batch of five. */
const hiddens = [16, 11];
const [STEPS, BATCH] = [3, 5];

const calls: Calls = {
  matmulScratchBytes: [[]],
  matmul: products.flatMap(([m, n, k]) =>
    [0, at(2)].flatMap((init): Parameters<SimdKernels['matmul']>[] => [
      [at(8), n, init, 0, at(0), k, 1, at(1), n, 1, 0, m, n, k, ACTIVATION.tanh, SCRATCH],
      [at(9), n, init, 0, at(0), 1, m, at(1), 1, k, 0, m, n, k, ACTIVATION.relu, SCRATCH],
    ]),
  ),
  unary: codes(UNARY).flatMap((op) => lengths.map((n) => [op, at(8), at(0), n] as const)),
  binary: codes(BINARY).flatMap((op): Parameters<SimdKernels['binary']>[] => [
    [op, at(8), 0, 1, at(0), 0, 1, at(1), 0, 1, 1, 131],
    [op, at(9), 40, 1, at(0), 40, 1, at(1), 1, 0, 3, 37],
    [op, at(10), 40, 1, at(0), 0, 1, at(1), 80, 2, 3, 37],
  ]),
  where: [
    [at(8), 37, at(0), 37, 1, at(1), 37, 1, at(2), 0, 0, 3, 37],
    [at(9), 64, at(0), 64, 1, at(1), 128, 2, at(2), 64, 1, 3, 64],
  ],
  activationBackward: codes(ACTIVATION).flatMap((f) =>
    lengths.map((n) => [f, at(8), at(0), at(1), n] as const),
  ),
  copy: [
    [at(8), 37, 1, at(0), 40, 1, 5, 37],
    [at(9), 64, 1, at(0), 1, 37, 32, 37],
    [at(10), 37, 2, at(0), 0, 0, 3, 17],
  ],
  fill: lengths.map((n) => [at(8), n, 2.5] as const),
  gatherRows: [[at(8), at(0), 40, INTEGERS, 6, 37]],
  scatterAddRows: [
    [at(8), 40, at(0), INTEGERS, 6, 37, 0],
    [at(9), 40, at(0), INTEGERS, 6, 37, at(10)],
  ],
  sum: lengths.map((n) => [at(0), n * 9] as const),
  reduceRows: codes(REDUCE).map((op) => [op, at(8), 1, at(0), 131, 5, 130] as const),
  reduceColumns: codes(REDUCE).map((op) => [op, at(8), at(0), 40, 70, 39] as const),
  layerNormForward: lengths.map((n) => [at(8), at(0), at(1), at(2), 5, n, 1e-5] as const),
  layerNormBackward: lengths.map((n) => [at(8), at(9), at(0), at(1), at(2), 5, n, 1e-5] as const),
  softmaxRows: lengths.map((n) => [at(8), n, at(0), n, 5, n] as const),
  causalSoftmaxRows: [[at(8), at(0), 37, 37]],
  logSoftmaxRows: lengths.map((n) => [at(8), n, at(0), n, 5, n, SCRATCH] as const),
  crossEntropyForward: lengths.map((n) => [at(8), at(0), n, INTEGERS, 6, n] as const),
  crossEntropyBackward: lengths.map((n) => [at(8), n, at(0), INTEGERS, 6, n, 0.3] as const),
  sgd: [0, OPTIM.nesterov, OPTIM.maximize | OPTIM.first].flatMap((flags) =>
    [0, at(9)].map((velocity) => [at(8), at(0), velocity, 132, flags, 0.1, 0.9, 0.1, 0.01] as const),
  ),
  adam: [0, OPTIM.decoupled, OPTIM.maximize].flatMap((flags) =>
    [0, at(11)].map(
      (largest) =>
        [at(8), at(0), at(9), at(12), largest, 132, flags, 1e-3, 0.9, 0.999, 1e-8, 0.5, 1e-3, 0.01] as const,
    ),
  ),
  scaleBlock: lengths.map((n) => [at(8), n, 0.7] as const),
  sumSquares: lengths.map((n) => [at(0), n] as const),
  sumSquaresSegments: [[at(8), at(0), INTEGERS, 2]],
  maxAbs: lengths.map((n) => [at(0), n] as const),
  recurrentScratchBytes: hiddens.map((h) => [h] as const),
  recurrentForward: hiddens.flatMap((h) =>
    codes(ACTIVATION).map((f) => [at(8), at(0), at(1), STEPS, BATCH, h, 0, BATCH, f, SCRATCH] as const),
  ),
  recurrentBackward: hiddens.flatMap((h) =>
    [0, 1].map(
      (last) =>
        [
          at(8),
          at(9),
          at(0),
          last,
          at(1),
          at(2),
          STEPS,
          BATCH,
          h,
          0,
          BATCH,
          ACTIVATION.tanh,
          SCRATCH,
        ] as const,
    ),
  ),
  lstmScratchBytes: hiddens.map((h) => [h] as const),
  lstmForward: hiddens.map(
    (h) => [at(8), at(9), at(10), at(0), at(1), at(2), STEPS, BATCH, h, 0, BATCH, SCRATCH] as const,
  ),
  lstmBackward: hiddens.flatMap((h) =>
    [0, 1].map(
      (last) =>
        // biome-ignore format: a kernel's arguments, in a few rows
        [at(8), at(9), at(10), at(0), last, at(1), at(2), at(3), at(4), STEPS, BATCH, h, 0, BATCH, SCRATCH] as const,
    ),
  ),
  gruScratchBytes: hiddens.map((h) => [h] as const),
  gruForward: hiddens.map(
    (h) => [at(8), at(9), at(10), at(0), at(1), at(2), STEPS, BATCH, h, 0, BATCH, SCRATCH] as const,
  ),
  gruBackward: hiddens.flatMap((h) =>
    [0, 1].map(
      (last) =>
        // biome-ignore format: a kernel's arguments, in a few rows
        [at(8), at(9), at(10), at(0), last, at(1), at(2), at(3), at(4), at(5), STEPS, BATCH, h, 0, BATCH, SCRATCH] as const,
    ),
  ),
};

/** What is checked at once: a kernel, or of those that hold many functions (unary, binary) one function, 'unary 3'. */
export type Unit = string;

/** Kernels whose first argument chooses one of many functions, each compiled by itself. */
export const MANIFOLD: ReadonlySet<string> = new Set(['unary', 'binary'] satisfies (keyof SimdKernels)[]);

const unitOf = (name: string, first: number): Unit => (MANIFOLD.has(name) ? `${name} ${first}` : name);

/** The unit that a call belongs to. */
export const unitOfCall = (name: string, args: readonly number[]): Unit => unitOf(name, args[0]);

type List = readonly (readonly number[])[];
const lists = Object.entries(calls) as [keyof SimdKernels, List][];

/** Every unit, each once. */
export const units: readonly Unit[] = [
  ...new Set(lists.flatMap(([name, list]) => list.map((args) => unitOfCall(name, args)))),
];

/** A build of the kernels, over a memory of SELF_CHECK_PAGES that is the check's own. */
export interface Build {
  readonly exports: SimdKernels;
  readonly memory: WebAssembly.Memory;
}

/** What each call of a unit leaves in memory and returns; memory holds `start` before each of them. */
export function resultsOf(
  { exports, memory }: Build,
  unit: Unit,
  start: Float32Array = usualNumbers(),
): readonly Int32Array[] {
  const [name] = unit.split(' ') as [keyof SimdKernels];
  const kernel = exports[name] as (...args: readonly number[]) => number | undefined;
  const own = (calls[name] as List).filter((args) => unitOfCall(name, args) === unit);
  return own.map((args) => {
    new Float32Array(memory.buffer).set(start, FIRST / 4);
    const returned = Float64Array.of(kernel(...args) ?? 0);
    const written = new Int32Array(PLACES_WRITTEN * LONGEST + 2);
    for (let place = 0; place < PLACES_WRITTEN; place++) {
      written.set(new Int32Array(memory.buffer, WRITTEN + place * PLACE, LONGEST), place * LONGEST);
    }
    written.set(new Int32Array(returned.buffer), PLACES_WRITTEN * LONGEST);
    return written;
  });
}

/** Whether two lists of results are the same, bit for bit. In Node, where alone there is something to check. */
export function sameResults(left: readonly Int32Array[], right: readonly Int32Array[]): boolean {
  // Not a loop: this runs once, before the engine has optimised anything.
  const { Buffer } = process.getBuiltinModule('node:buffer');
  const bytes = (ints: Int32Array) => Buffer.from(ints.buffer, ints.byteOffset, ints.byteLength);
  return left.every((ints, k) => Buffer.compare(bytes(ints), bytes(right[k])) === 0);
}

let usual: Float32Array | undefined;

/** Numbers between −1 and 1, no two neighbours alike, and small row numbers that are classes and bounds as well. */
function usualNumbers(): Float32Array {
  if (usual) return usual;
  usual = new Float32Array((SCRATCH - FIRST) / 4);
  const period = 2017;
  for (let i = 0; i < period; i++) usual[i] = ((i * 7919) % period) / 1008.5 - 1;
  for (let n = period; n < usual.length; n *= 2) usual.copyWithin(n, 0, n);
  return completed(usual);
}

/** A memory to start from: f(i) everywhere, but for the integers and what must not be negative. */
export function startFrom(f: (i: number) => number): Float32Array {
  return completed(Float32Array.from({ length: (SCRATCH - FIRST) / 4 }, (_, i) => f(i)));
}

function completed(floats: Float32Array): Float32Array {
  // Second moments are not negative.
  for (let i = (at(12) - FIRST) / 4; i < (at(13) - FIRST) / 4; i++) floats[i] = Math.abs(floats[i]);
  new Int32Array(floats.buffer, INTEGERS - FIRST, 6).set([0, 3, 3, 6, 1, 2]);
  return floats;
}
