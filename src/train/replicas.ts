/** Training replicas of a model in worker threads: starts them, lets them meet, and ends all where one fails. */

import { Worker } from 'node:worker_threads';
import { type Arrival, type ReplicaMessage, type Seat, seatName } from './replica-group.js';

/** Options of `trainReplicas`. */
export interface ReplicasOptions {
  /** How many, at least 1; each takes a thread and a part of every batch. */
  readonly replicas: number;
  /** What every replica finds as `joinReplicas().data`: anything that can be cloned. */
  readonly data?: unknown;
}

/**
 * Runs a module in so many worker threads, where `joinReplicas()` gives the group to average gradients over, and resolves
 * to what each handed to `finish`, in order. All must take the same number of steps. A replica that fails, or ends while
 * others wait for it, ends all of them: the error says which it was. This thread must stay free to pass messages on.
 */
export async function trainReplicas<Result = unknown>(
  module: URL,
  { replicas, data }: ReplicasOptions,
): Promise<readonly Result[]> {
  if (!Number.isInteger(replicas) || replicas < 1) {
    throw new Error(`trainReplicas: replicas must be an integer ≥ 1, got ${replicas}`);
  }
  const workers = Array.from({ length: replicas }, (_, index) => {
    const seat: Seat = { index, count: replicas, data };
    return new Worker(module, { workerData: { [seatName]: seat } });
  });
  return new Promise<readonly Result[]>((resolve, reject) => meetings(workers, resolve, reject)).finally(() =>
    Promise.all(workers.map((worker) => worker.terminate())),
  );
}

/** Passes on what the workers bring whenever all have arrived, until all have ended or one failed. */
function meetings<Result>(
  workers: readonly Worker[],
  resolve: (results: readonly Result[]) => void,
  reject: (error: Error) => void,
): void {
  const results = new Array<Result>(workers.length);
  const ended = new Set<number>();
  let waiting = new Map<number, Arrival>();
  const fail = (index: number, reason: string, cause?: unknown): void =>
    reject(new Error(`trainReplicas: replica ${index} ${reason}`, { cause }));
  const look = (): void => {
    if (waiting.size > 0 && ended.size > 0) {
      const [left] = ended;
      const [index] = waiting.keys();
      fail(left, `ended while replica ${index} waits for it; all must take the same number of steps`);
    } else if (waiting.size === workers.length) {
      const arrivals = workers.map((_, index) => waiting.get(index));
      waiting = new Map();
      for (const worker of workers) worker.postMessage(arrivals);
    } else if (ended.size === workers.length) resolve(results);
  };
  for (const [index, worker] of workers.entries()) {
    worker.on('message', (message: ReplicaMessage) => {
      if (message.kind === 'result') results[index] = message.result as Result;
      else waiting.set(index, message.arrival);
      look();
    });
    worker.on('error', (error) =>
      fail(index, `failed: ${error instanceof Error ? error.message : error}`, error),
    );
    worker.on('messageerror', (error) => fail(index, `sent what cannot be cloned: ${error.message}`, error));
    worker.on('exit', (code) => {
      if (code !== 0) fail(index, `ended with exit code ${code}`);
      ended.add(index);
      look();
    });
  }
}
