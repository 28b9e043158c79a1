/**
 * How a workload is timed, the same way as the peers: ten steps for the losses, five to warm up, then the median of
 * single steps for at least two seconds and five steps.
 */

import { type MeterDevice, simdOptions } from '../src/index.js';
import { type Expected, openWorkload, type WorkloadName, type WorkloadOptions } from './workloads.js';

/** One result, in the peers' format. */
export interface Line {
  readonly peer: string;
  readonly workload: string;
  /** Median time of a whole step. */
  readonly ms: number;
  /** Steps timed. */
  readonly runs: number;
  readonly loss1: number;
  readonly loss10: number;
}

/** One of our results: how it was computed stands beside it. */
export interface OurLine extends Line {
  readonly workload: WorkloadName;
  readonly backend: string;
  readonly precision: 'exact' | 'fast';
  readonly threads: number;
  /** Width of vectors in bits. */
  readonly vectors: number;
  readonly normDevice: MeterDevice;
}

/** How the backend was told to compute; what none can choose is exact, on one thread. */
export type Computing = Pick<OurLine, 'precision' | 'threads'>;

const LOSS_STEPS = 10;
const WARM_UP = 5;
const LEAST_RUNS = 5;

/** The middle of some times; the upper one of two, as the peers take it. */
export function medianOf(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1];
}

/** Median milliseconds of a step, over `seconds` at least. */
async function timeSteps(
  step: () => Promise<unknown>,
  seconds: number,
): Promise<{ ms: number; runs: number }> {
  for (let i = 0; i < WARM_UP; i++) await step();
  const times: number[] = [];
  const end = performance.now() + seconds * 1e3;
  while (performance.now() < end || times.length < LEAST_RUNS) {
    const start = performance.now();
    await step();
    times.push(performance.now() - start);
  }
  return { ms: medianOf(times), runs: times.length };
}

/**
 * Sets a workload up, takes ten steps, checks their losses and times further ones; `seconds` 0 checks only. Throws an
 * Error where a loss is not the agreed one: what computes something else has no time.
 */
export async function measure(
  name: WorkloadName,
  seconds: number,
  options: WorkloadOptions = {},
  computing: Computing = { precision: 'exact', threads: 1 },
): Promise<OurLine> {
  const workload = openWorkload(name, options);
  const losses: number[] = [];
  for (let i = 0; i < LOSS_STEPS; i++) losses.push(await workload.step());
  const found = { loss1: losses[0], loss10: losses[LOSS_STEPS - 1] };
  checkLosses(name, found, workload.expected);
  const { ms, runs } = seconds > 0 ? await timeSteps(workload.step, seconds) : { ms: Number.NaN, runs: 0 };
  const { backend, normDevice } = workload;
  // Known once something was computed.
  const vectors = backend === 'simd' ? Number(simdOptions().vectors) : 64;
  const how = { backend, ...computing, vectors, normDevice };
  return { peer: `tamegrad ${backend}`, workload: name, ms, runs, ...found, ...how };
}

/** Throws unless both losses are what they must be. */
function checkLosses(
  name: string,
  found: Pick<Line, 'loss1' | 'loss10'>,
  { tolerance, ...wanted }: Expected,
): void {
  for (const step of ['loss1', 'loss10'] as const) {
    if (Math.abs(found[step] - wanted[step]) <= tolerance) continue;
    throw new Error(`${name}: ${step} must be ${wanted[step]} to within ${tolerance}, got ${found[step]}`);
  }
}

/** Lines of several rounds as one for each workload and way of computing: the median time, all runs. */
export function mergeRounds<T extends Line>(lines: readonly T[]): T[] {
  const groups = new Map<string, T[]>();
  for (const line of lines) groups.set(keyOf(line), [...(groups.get(keyOf(line)) ?? []), line]);
  return [...groups.values()].map((rounds) => ({
    ...rounds[0],
    ms: medianOf(rounds.map(({ ms }) => ms)),
    runs: rounds.reduce((sum, { runs }) => sum + runs, 0),
  }));
}

function keyOf({ peer, workload, ...rest }: Line): string {
  return [peer, workload, (rest as Partial<OurLine>).normDevice].join(' ');
}

/** A line as JSON, its time to 0.1 µs as the peers print it. */
export function toJsonLine(line: Line): string {
  return JSON.stringify({ ...line, ms: Number(line.ms.toFixed(4)) });
}
