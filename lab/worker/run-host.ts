/** A run in the worker: takes steps when asked to, remembers them, and goes back to any of them. */

import { digestOf } from '../../demos/digest.js';
import {
  encodeCheckpoint,
  restoreCheckpoint,
  type StepRecord,
  type TrainResult,
  trainSteps,
} from '../../src/index.js';
import type { Ended, Standing } from '../core/protocol.js';
import type { RunSource, SeenStep } from '../core/session.js';

/** Steps between checkpoints; seeking recomputes at most so many. */
const CHECKPOINT_EVERY = 50;

type Steps = AsyncGenerator<StepRecord, TrainResult, void>;

/** One run. Its operations must not overlap: the worker waits for one before it starts the next. */
export class RunHost {
  readonly #make: () => RunSource;
  #source: RunSource;
  #steps: Steps;
  #at = 0;
  #ended: Ended | null = null;
  /** Every step ever taken, by number: a replay gives the same again. */
  readonly #history: SeenStep[] = [];
  /** The state after so many steps. */
  readonly #checkpoints = new Map<number, Uint8Array>();

  constructor(make: () => RunSource) {
    this.#make = make;
    this.#source = make();
    this.#steps = stepsOf(this.#source, 0);
  }

  get at(): number {
    return this.#at;
  }

  get ended(): Ended | null {
    return this.#ended;
  }

  standing(): Standing {
    return { at: this.#at, digest: digestOf(this.#source.model), ended: this.#ended };
  }

  /** Takes a step; null where the run has ended. */
  async advance(): Promise<SeenStep | null> {
    if (this.#ended) return null;
    const next = await this.#steps.next();
    if (next.done) {
      this.#end(next.value);
      return null;
    }
    const seen = { ...next.value, seen: this.#source.observe?.(next.value) };
    this.#history[this.#at] = seen;
    this.#at++;
    if (this.#at % CHECKPOINT_EVERY === 0 && !this.#checkpoints.has(this.#at)) {
      const { model, optimizer } = this.#source;
      this.#checkpoints.set(this.#at, encodeCheckpoint({ model, optimizer }, { step: this.#at }));
    }
    // Whether this was the last step is known now, not when somebody asks for one more.
    if (this.#at >= this.#source.steps || !isFiniteStep(next.value)) {
      const last = await this.#steps.next();
      if (last.done) this.#end(last.value);
    }
    return seen;
  }

  #end({ divergence }: TrainResult): void {
    this.#ended = divergence ? { why: 'diverged', divergence } : { why: 'done' };
  }

  /** Goes to the state after `to` steps, or as far as the run goes; the steps that had not been seen before. */
  async seek(to: number): Promise<readonly SeenStep[]> {
    const known = this.#history.length;
    const from = Math.max(0, ...[...this.#checkpoints.keys()].filter((at) => at <= to));
    if (to < this.#at || from > this.#at) await this.#restart(from);
    while (this.#at < to && (await this.advance()) !== null);
    return this.#history.slice(known);
  }

  async #restart(from: number): Promise<void> {
    this.close();
    this.#source = this.#make();
    const { model, optimizer } = this.#source;
    const bytes = this.#checkpoints.get(from);
    if (bytes) restoreCheckpoint(bytes, { model, optimizer });
    this.#steps = stepsOf(this.#source, from);
    this.#at = from;
    this.#ended = null;
  }

  /** Ends the run and gives back its memory. */
  close(): void {
    void this.#steps.return(undefined as never);
    this.#source.optimizer.release();
  }
}

/** The steps from `from` on: the batches before are drawn and laid aside, so that the next is the one it was. */
function stepsOf({ model, optimizer, batches, loss, steps }: RunSource, from: number): Steps {
  return trainSteps({
    model,
    optimizer,
    batches: skipping(batches, from * optimizer.accumulate),
    loss: (_, batch, step) => loss(batch, step),
    startStep: from,
    steps,
  });
}

function* skipping<Batch>(batches: Iterable<Batch>, count: number): Generator<Batch> {
  let drawn = 0;
  for (const batch of batches) if (drawn++ >= count) yield batch;
}

function isFiniteStep({ loss, normAfter }: StepRecord): boolean {
  return Number.isFinite(loss) && Number.isFinite(normAfter);
}
