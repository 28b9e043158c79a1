/** A replica's side of training in step: once a step it waits for the others and adds up their gradients. */

import { isMainThread, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { Parameter } from '../autograd/index.js';
import type { Averaging, ReplicaShare } from '../optim/index.js';
import { fullLike, longLived } from '../tensor/index.js';

/** What the thread that starts replicas tells each of them. */
export interface Seat {
  readonly index: number;
  readonly count: number;
  readonly data: unknown;
}

/** What a replica brings to a meeting. */
export interface Arrival {
  readonly share: ReplicaShare;
  /** Of every parameter 1 or 0, whether it has a gradient, then all gradients; float64. */
  readonly gradients: SharedArrayBuffer;
  /** Of the bits of all parameters. */
  readonly fingerprint: number;
}

/** What a replica tells the thread that started it. */
export type ReplicaMessage =
  | { readonly kind: 'arrival'; readonly arrival: Arrival }
  | { readonly kind: 'result'; readonly result: unknown };

/** Name of the seat among a worker's data. */
export const seatName = 'tamegradReplica';

/** The replicas that step together, as one of them sees them: an optimizer's `averaging`. */
export interface ReplicaGroup<Data = unknown> extends Averaging {
  /** Which replica this is: 0 … count − 1. */
  readonly index: number;
  readonly count: number;
  /** The data given to `trainReplicas`, a copy. */
  readonly data: Data;
  /** Sets what `trainReplicas` returns for this replica: anything that can be cloned. Throws an Error for what cannot. */
  finish(result: unknown): void;
}

/**
 * The group that this worker was started in by `trainReplicas`. With `new SGD(params, { lr, averaging: group })` every
 * step averages gradients over the replicas before hooks and clipping, weighted by micro-batches, summed in float64 in
 * the order of the replicas: all step with the same bits. Losses told to `step({ loss })` are averaged too; a replica
 * that skips makes all skip. Buffers are not averaged: running statistics, as BatchNorm1d keeps them, are those of the
 * replica's own batches, and what one replica saves holds its own. Throws if parameters differ between replicas, and outside of `trainReplicas`.
 */
export function joinReplicas<Data = unknown>(): ReplicaGroup<Data> {
  const seat: Seat | undefined = isMainThread ? undefined : workerData?.[seatName];
  if (!seat || !parentPort) {
    throw new Error('joinReplicas: this is no replica; start the file with trainReplicas(url, { replicas })');
  }
  return new Replica(parentPort, seat) as ReplicaGroup<Data>;
}

class Replica implements ReplicaGroup {
  readonly index: number;
  readonly count: number;
  readonly data: unknown;
  readonly #port: MessagePort;
  /** Two buffers that alternate: while others still read one, the next step is written to the other. */
  readonly #buffers: (SharedArrayBuffer | undefined)[] = [];
  #meetings = 0;

  constructor(port: MessagePort, { index, count, data }: Seat) {
    this.#port = port;
    this.index = index;
    this.count = count;
    this.data = data;
  }

  async sum(parameters: readonly Parameter[], share: ReplicaShare): Promise<readonly ReplicaShare[]> {
    const gradients = this.#buffer(parameters);
    write(parameters, new Float64Array(gradients));
    const arrivals = await this.#meet({ share, gradients, fingerprint: fingerprintOf(parameters) });
    checkAlike(arrivals);
    addUp(
      parameters,
      arrivals.map((arrival) => new Float64Array(arrival.gradients)),
    );
    return arrivals.map((arrival) => arrival.share);
  }

  finish(result: unknown): void {
    try {
      this.#tell({ kind: 'result', result });
    } catch (cause) {
      const what = uncloneableIn(result, 'result');
      throw new Error(
        `finish: ${what} cannot be sent to another thread; hand over plain data, of a tensor its data()`,
        { cause },
      );
    }
  }

  #tell(message: ReplicaMessage): void {
    this.#port.postMessage(message);
  }

  /** Waits until all have arrived; what each brought, in their order. */
  #meet(arrival: Arrival): Promise<readonly Arrival[]> {
    return new Promise((resolve) => {
      this.#port.once('message', resolve);
      this.#tell({ kind: 'arrival', arrival });
    });
  }

  #buffer(parameters: readonly Parameter[]): SharedArrayBuffer {
    const turn = this.#meetings++ % 2;
    const bytes = 8 * parameters.reduce((sum, { value }) => sum + value.size, parameters.length);
    const kept = this.#buffers[turn];
    const buffer = kept?.byteLength === bytes ? kept : new SharedArrayBuffer(bytes);
    this.#buffers[turn] = buffer;
    return buffer;
  }
}

/** Writes gradients into a replica's buffer; a missing gradient is written as zeros. */
function write(parameters: readonly Parameter[], out: Float64Array): void {
  let next = parameters.length;
  for (const [k, { grad, value }] of parameters.entries()) {
    out[k] = grad ? 1 : 0;
    if (grad) {
      const { data, offset } = grad.view();
      out.set(data.subarray(offset, offset + value.size), next);
    } else out.fill(0, next, next + value.size);
    next += value.size;
  }
}

/** Replaces each gradient by the sum over all buffers; one that a single replica has becomes that of all. */
function addUp(parameters: readonly Parameter[], buffers: readonly Float64Array[]): void {
  let next = parameters.length;
  for (const [k, parameter] of parameters.entries()) {
    const { size } = parameter.value;
    if (buffers.some((buffer) => buffer[k] === 1)) {
      if (!parameter.grad) parameter.replaceGrad(longLived(() => fullLike(parameter.value, 0)));
      const { data, offset } = parameter.grad!.view();
      for (let i = 0; i < size; i++) {
        let sum = 0;
        for (const buffer of buffers) sum += buffer[next + i];
        data[offset + i] = sum;
      }
    }
    next += size;
  }
}

/** FNV-1a over the bits of all parameters, 32 at a time. */
function fingerprintOf(parameters: readonly Parameter[]): number {
  let hash = 0x811c9dc5;
  for (const { value } of parameters) {
    const { data, offset } = value.view();
    const bytes = data.BYTES_PER_ELEMENT;
    const words = new Int32Array(data.buffer, data.byteOffset + offset * bytes, (value.size * bytes) / 4);
    for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i], 0x01000193);
  }
  return hash;
}

function checkAlike([first, ...others]: readonly Arrival[]): void {
  const { byteLength } = first.gradients;
  const other = others.findIndex(
    ({ gradients, fingerprint }) => gradients.byteLength !== byteLength || fingerprint !== first.fingerprint,
  );
  if (other < 0) return;
  throw new Error(
    `replicas: replica ${other + 1} has different parameters from replica 0; build all with one seed, or load one state into each`,
  );
}

/** The first part of a value that structured clone refuses, named: `result.model.forward, a function`. */
function uncloneableIn(value: unknown, path: string): string {
  if (typeof value === 'function') return `${path}, a function,`;
  if (typeof value === 'symbol') return `${path}, a symbol,`;
  if (typeof value === 'object' && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      if (!isCloneable(part))
        return uncloneableIn(part, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`);
    }
  }
  return `${path}, a ${value?.constructor?.name ?? typeof value},`;
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
