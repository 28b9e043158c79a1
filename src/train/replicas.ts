/** Training replicas of a model in worker threads: starts them, lets them meet, and ends all where one fails. */

import type { Worker } from 'node:worker_threads';
import { checkObject } from '../tensor/arguments.js';
import { type Arrival, type ReplicaMessage, type Seat, seatName } from './replica-group.js';
import { startThread } from './thread.js';

/** Options of `trainReplicas`. */
export interface ReplicasOptions {
  /** How many, at least 1; each takes a thread and a part of every batch. */
  readonly replicas: number;
  /** What every replica finds as `joinReplicas().data`: anything that can be cloned. */
  readonly data?: unknown;
  /** Longest time that all may go without a sign of one of them (a step, a result, its end), in ms. Default 600,000. */
  readonly timeLimit?: number;
}

const TEN_MINUTES = 600_000;
/** Timers count no further, and fire at once above. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Runs a module in so many worker threads, where `joinReplicas()` gives the group to average gradients over, and resolves
 * to what each handed to `finish`, in order. All must take the same number of steps. A replica that fails, ends while
 * others wait for it, or keeps silent for longer than `timeLimit`, ends all of them: the error says which it was. This
 * thread must stay free to pass messages on.
 */
export async function trainReplicas<Result = unknown>(
  module: URL,
  options: ReplicasOptions,
): Promise<readonly Result[]> {
  checkObject('trainReplicas', 'options', options, 'an object { replicas, data, timeLimit }');
  const { replicas, data, timeLimit = TEN_MINUTES } = options;
  if (!Number.isInteger(replicas) || replicas < 1) {
    throw new Error(`trainReplicas: replicas must be an integer ≥ 1, got ${replicas}`);
  }
  if (!(timeLimit > 0)) {
    throw new Error(`trainReplicas: timeLimit must be a number of ms > 0, got ${timeLimit}`);
  }
  const meetings = new Meetings<Result>(module, replicas, data, timeLimit);
  try {
    return await meetings.results;
  } finally {
    await meetings.end();
  }
}

/** Passes on what the workers bring whenever all have arrived, until all have ended or one failed. */
class Meetings<Result> {
  readonly results: Promise<readonly Result[]>;
  readonly #workers: readonly Worker[];
  readonly #found: Result[];
  readonly #ended = new Set<number>();
  readonly #timeLimit: number;
  #waiting = new Map<number, Arrival>();
  #timer: NodeJS.Timeout | undefined;
  #resolve: (results: readonly Result[]) => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(module: URL, count: number, data: unknown, timeLimit: number) {
    this.results = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#found = new Array<Result>(count);
    this.#timeLimit = timeLimit;
    this.#workers = Array.from({ length: count }, (_, index) => {
      const seat: Seat = { index, count, data };
      return startThread(
        module,
        { [seatName]: seat },
        {
          onMessage: (message) => this.#take(index, message as ReplicaMessage),
          onEnd: (failure, cause) => {
            if (failure !== null) this.#fail(index, failure, cause);
            this.#ended.add(index);
            this.#look();
          },
        },
      );
    });
    this.#look();
  }

  /** Ends all threads, whatever they do. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #take(index: number, message: ReplicaMessage): void {
    if (message.kind === 'result') this.#found[index] = message.result as Result;
    else this.#waiting.set(index, message.arrival);
    this.#look();
  }

  /** Checks the state of all replicas, after every message from one. */
  #look(): void {
    const count = this.#workers.length;
    clearTimeout(this.#timer);
    if (this.#timeLimit <= LONGEST_TIMER) {
      this.#timer = setTimeout(() => this.#giveUp(), this.#timeLimit);
    }
    if (this.#waiting.size > 0 && this.#ended.size > 0) {
      const [left] = this.#ended;
      const [index] = this.#waiting.keys();
      this.#fail(left, `ended while replica ${index} waits for it; all must take the same number of steps`);
    } else if (this.#waiting.size === count) {
      const arrivals = this.#workers.map((_, index) => this.#waiting.get(index));
      this.#waiting = new Map();
      for (const worker of this.#workers) worker.postMessage(arrivals);
    } else if (this.#ended.size === count) this.#resolve(this.#found);
  }

  #giveUp(): void {
    const silent = this.#workers.findIndex((_, i) => !this.#waiting.has(i) && !this.#ended.has(i));
    const [waiting] = this.#waiting.keys();
    const whom = waiting === undefined ? '' : ` while replica ${waiting} waits for it`;
    this.#fail(
      silent,
      `gave no sign for ${this.#timeLimit} ms${whom}; look for what it waits for, or raise timeLimit`,
    );
  }

  #fail(index: number, reason: string, cause?: unknown): void {
    this.#reject(new Error(`trainReplicas: replica ${index} ${reason}`, { cause }));
  }
}
