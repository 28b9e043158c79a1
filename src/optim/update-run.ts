/**
 * Update runs: stretches of a parameter block that an optimizer updates in one loop or one kernel call. Contiguity is
 * a fast path only: parameters without a gradient, or updated less often than their neighbours, split a run.
 */

import type { Parameter, ParameterBlock } from '../autograd/index.js';
import { hasRoomFor, packParameters } from '../autograd/parameter.js';
import { BLOCK_PADDING, paddedSize } from '../tensor/backend.js';
import type { FloatArray, FusedKernels } from '../tensor/index.js';
import { freeNow, freeWithOwner, urgentTurnForLost } from '../tensor/lost-memory.js';
import { dtypeOf } from '../tensor/view.js';

/** One stretch of a block: elements `start` … `end − 1` of values, gradients and state alike. */
export interface UpdateRun {
  readonly values: FloatArray;
  readonly grads: FloatArray;
  readonly start: number;
  readonly end: number;
  /** How often these parameters were updated before: 0 the first time. */
  readonly count: number;
  /** Kernels of the block's backend that update a whole run at once. */
  readonly fused: Partial<FusedKernels>;
  /** Optimizer state by one of the names of `stateNames`, zeros at first, addressed like `values`. */
  state(name: string): FloatArray;
}

/** A run while it is put together: members `from` … `to − 1` of the list that is updated together. */
interface OpenRun extends UpdateRun {
  end: number;
  readonly block: ParameterBlock;
  readonly from: number;
  to: number;
  /** Where the padding inside the run begins; −1 without padding. */
  padding: number;
}

/** A list of parameters block by block, by offset, and how often each was updated. */
interface Updates {
  readonly order: readonly Parameter[];
  readonly counts: number[];
  /** The options whose state was allocated. */
  prepared: object | null;
}

type State = Record<string, FloatArray>;

/** Turns of the event loop that a first step waits for lost blocks, where memory is short. */
const TURNS = 4;
/** Arrays of state that most rules keep, as long as a block. */
const USUAL_STATE = 2;

/** What is remembered of one parameter: how often it was updated, and arrays of its size by name. */
interface SavedParameter {
  readonly parameter: Parameter;
  readonly count: number;
  readonly arrays: Readonly<State>;
}

/** What an optimizer remembers: arrays as long as a block, and how often each parameter was updated. */
export class OptimizerMemory {
  /** Of the arrays below: see lost-memory.ts. */
  weights?: ArrayBuffer[];
  readonly #blocks = new Set<ParameterBlock>();
  /** Lists that are packed at the first step: memory was short when they were given. */
  #waiting: (readonly Parameter[])[] = [];
  #released = false;
  readonly #arrays = new Map<ParameterBlock, State>();
  /** By the list of parameters that are updated together; no parameter is in two lists. */
  readonly #updates = new Map<readonly Parameter[], Updates>();

  /**
   * Packs the parameters of each list that lie in no block yet, and keeps the blocks of all; or changes nothing. Where that
   * would leave too little for a step, it is put off: what was lost comes back between two tasks only, and models made
   * and dropped in one task must not fill the memory.
   */
  keep(lists: readonly (readonly Parameter[])[]): void {
    this.check('addGroup');
    if (this.#waiting.length === 0 && hasRoomFor(lists.flat())) this.#pack(lists);
    else this.#waiting.push(...lists);
  }

  /** Packs the groups that `keep` has postponed. Throws if memory is full. */
  pack(): void {
    this.#pack(this.#waiting);
    this.#waiting = [];
  }

  /** Whether a first step should wait for `makeRoom`. */
  get isShort(): boolean {
    return this.#waiting.length > 0 || !this.#hasRoomForState();
  }

  /** Waits, a few turns at most, until what nobody holds any more has made room for a first step; packs what `keep` put off. */
  async makeRoom(): Promise<void> {
    for (
      let turn = 0;
      turn < TURNS && !(this.#hasRoomForState() && hasRoomFor(this.#waiting.flat()));
      turn++
    ) {
      await urgentTurnForLost();
    }
    this.pack();
  }

  #hasRoomForState(): boolean {
    for (const block of this.#blocks) {
      if (this.#arrays.has(block)) continue;
      const { memory } = block.backend;
      if (memory.hasRoom?.(USUAL_STATE * block.values.length) === false) return false;
    }
    return true;
  }

  #pack(lists: readonly (readonly Parameter[])[]): void {
    const entered: ParameterBlock[] = [];
    try {
      for (const parameters of lists) {
        for (const block of packParameters(parameters)) {
          if (this.#blocks.has(block)) continue;
          this.#blocks.add(block);
          block.enter();
          entered.push(block);
        }
      }
    } catch (error) {
      for (const block of entered) this.#leave(block);
      throw error;
    }
  }

  #leave(block: ParameterBlock): void {
    this.#blocks.delete(block);
    block.leave();
  }

  /** Frees state, and blocks that no other optimizer keeps. */
  release(): void {
    this.#released = true;
    for (const [{ backend }, state] of this.#arrays) {
      for (const array of Object.values(state)) freeNow(backend.memory, array);
    }
    this.#arrays.clear();
    this.#updates.clear();
    this.#waiting = [];
    for (const block of this.#blocks) this.#leave(block);
  }

  /** Throws once it was released. */
  check(caller: string): void {
    if (!this.#released) return;
    throw new Error(`Optimizer.${caller}: the optimizer was released; make a new one`);
  }

  /** Whether the state of a group under these options was allocated. */
  isPrepared(parameters: readonly Parameter[], options: object): boolean {
    return this.#updates.get(parameters)?.prepared === options;
  }

  /**
   * Allocates the state of these names for a group, which its updates under these options need. State of other names,
   * which earlier options left behind, becomes zeros: no checkpoint of these options has it.
   */
  prepare(parameters: readonly Parameter[], options: object, names: readonly string[]): void {
    this.allocate(parameters, names);
    for (const parameter of parameters) {
      for (const [name, array] of Object.entries(this.of(parameter)))
        if (!names.includes(name)) array.fill(0);
    }
    this.#updatesOf(parameters).prepared = options;
  }

  /** Allocates the state of these names for a group; new state is zeros. */
  allocate(parameters: readonly Parameter[], names: readonly string[]): void {
    for (const { place } of this.#updatesOf(parameters).order) {
      const { block } = place!;
      const state = this.#stateOf(block);
      for (const name of names) {
        state[name] ??= this.#allocateLike(block);
      }
    }
  }

  /** An array as long as a block; it is freed by itself once the optimizer is no longer referenced. */
  #allocateLike({ values, backend }: ParameterBlock): FloatArray {
    const array = backend.memory.allocateBlock(dtypeOf(values), values.length);
    freeWithOwner(this, backend.memory, array);
    return array;
  }

  /** How often each parameter of a group was updated. */
  countsOf(parameters: readonly Parameter[]): (readonly [parameter: Parameter, count: number])[] {
    const { order, counts } = this.#updatesOf(parameters);
    return order.map((parameter, i) => [parameter, counts[i]]);
  }

  /** How often a parameter was updated. */
  countOf(parameter: Parameter): number {
    for (const { order, counts } of this.#updates.values()) {
      const at = order.indexOf(parameter);
      if (at >= 0) return counts[at];
    }
    return 0;
  }

  /** Puts back what is remembered of a group, each parameter once: state that is allocated but not given is zeros. */
  restore(parameters: readonly Parameter[], saved: readonly SavedParameter[]): void {
    const { order, counts } = this.#updatesOf(parameters);
    for (const { parameter, count, arrays } of saved) {
      counts[order.indexOf(parameter)] = count;
      for (const [name, array] of Object.entries(this.of(parameter))) {
        if (Object.hasOwn(arrays, name)) array.set(arrays[name]);
        else array.fill(0);
      }
    }
  }

  /** Updates those of a group's parameters that have a gradient, run by run; a run counts once it is updated. */
  update(parameters: readonly Parameter[], update: (run: UpdateRun) => void): void {
    const updates = this.#updatesOf(parameters);
    const runs = this.#runs(updates);
    for (let k = 0; k < runs.length; k++) {
      const run = runs[k];
      update(run);
      for (let i = run.from; i < run.to; i++) updates.counts[i]++;
      // 0/0 where eps is 0, 0·∞ where a kernel rounds a rate to ∞: padding stays zero whatever an update makes of it.
      const padding = run.padding < 0 && run.end % BLOCK_PADDING !== 0 ? run.end : run.padding;
      if (padding >= 0 && run.values[padding] !== 0) this.#clearPadding(run.block);
    }
  }

  /** The parameters that have a gradient, as runs; from here on they count as changed. */
  #runs({ order, counts }: Updates): readonly OpenRun[] {
    const runs: OpenRun[] = [];
    let last: OpenRun | undefined;
    for (let i = 0; i < order.length; i++) {
      const parameter = order[i];
      if (!parameter.grad) continue;
      const { block, offset } = parameter.place!;
      const end = offset + parameter.value.size;
      if (
        last?.to === i &&
        last.block === block &&
        last.count === counts[i] &&
        offset - last.end < BLOCK_PADDING
      ) {
        if (offset > last.end) last.padding = last.end;
        last.end = end;
        last.to = i + 1;
      } else {
        last = this.#run(block, offset, end, i, counts[i]);
        runs.push(last);
      }
      parameter.markChanged();
    }
    return runs;
  }

  #run(block: ParameterBlock, start: number, end: number, from: number, count: number): OpenRun {
    const { values, grads, backend } = block;
    const arrays = this.#stateOf(block);
    const state = (name: string): FloatArray => arrays[name];
    return {
      values,
      grads,
      start,
      end,
      count,
      fused: backend.fused,
      state,
      block,
      from,
      to: from + 1,
      padding: -1,
    };
  }

  #clearPadding(block: ParameterBlock): void {
    const arrays = [block.values, ...Object.values(this.#stateOf(block))];
    for (const { place, value } of block.parameters) {
      const end = place!.offset + value.size;
      for (const array of arrays) array.fill(0, end, paddedSize(end));
    }
  }

  #updatesOf(parameters: readonly Parameter[]): Updates {
    let updates = this.#updates.get(parameters);
    if (!updates) {
      const counts = new Array<number>(parameters.length).fill(0);
      updates = { order: inMemoryOrder(parameters), counts, prepared: null };
      this.#updates.set(parameters, updates);
    }
    return updates;
  }

  #stateOf(block: ParameterBlock): State {
    let state = this.#arrays.get(block);
    if (!state) {
      state = {};
      this.#arrays.set(block, state);
    }
    return state;
  }

  /** The state of one parameter, by name: read-only views, invalid after `release`. */
  of({ place, value }: Parameter): Readonly<Record<string, FloatArray>> {
    this.check('optimizerState');
    const arrays = place ? (this.#arrays.get(place.block) ?? {}) : {};
    const part = (array: FloatArray): FloatArray => array.subarray(place!.offset, place!.offset + value.size);
    return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, part(array)]));
  }
}

/** Parameters block by block, by offset, so that neighbours in memory are neighbours in the list. */
function inMemoryOrder(parameters: readonly Parameter[]): readonly Parameter[] {
  const blocks = [...new Set(parameters.map(({ place }) => place!.block))];
  return blocks.length === 1 && isSorted(parameters)
    ? parameters
    : blocks.flatMap((block) =>
        parameters
          .filter(({ place }) => place!.block === block)
          .sort((a, b) => a.place!.offset - b.place!.offset),
      );
}

function isSorted(parameters: readonly Parameter[]): boolean {
  return parameters.every((p, i) => i === 0 || p.place!.offset > parameters[i - 1].place!.offset);
}
