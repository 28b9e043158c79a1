/**
 * Update runs: stretches of a parameter block that an optimizer updates in one loop or one kernel call. Contiguity is
 * a fast path only: parameters without a gradient, or updated less often than their neighbours, split a run.
 */

import type { Parameter, ParameterBlock } from '../autograd/index.js';
import { dtypeOf, type FloatArray, type FusedKernels } from '../tensor/index.js';

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
  /** Optimizer state by name, zeros at first, addressed like `values`. */
  state(name: string): FloatArray;
}

/** A list of parameters block by block, by offset, and how often each was updated. */
interface Updates {
  readonly order: readonly Parameter[];
  readonly counts: number[];
}

/** What an optimizer remembers: arrays as long as a block, and how often each parameter was updated. */
export class OptimizerMemory {
  readonly #arrays = new Map<ParameterBlock, Record<string, FloatArray>>();
  /** By the list that is updated together: no parameter is in two. */
  readonly #updates = new Map<readonly Parameter[], Updates>();

  /** The runs over those of a group's parameters that have a gradient; counts them as updated. */
  take(parameters: readonly Parameter[]): UpdateRun[] {
    const { order, counts } = this.#updatesOf(parameters);
    const runs: (UpdateRun & { end: number; block: ParameterBlock })[] = [];
    let last: (typeof runs)[number] | undefined;
    for (let i = 0; i < order.length; i++) {
      if (!order[i].grad) continue;
      const { block, offset } = order[i].place!;
      const end = offset + order[i].value.size;
      const count = counts[i]++;
      if (last?.block === block && last.count === count && offset - last.end < 8) last.end = end;
      else {
        last = this.#run(block, offset, end, count);
        runs.push(last);
      }
    }
    return runs;
  }

  #updatesOf(parameters: readonly Parameter[]): Updates {
    let updates = this.#updates.get(parameters);
    if (!updates) {
      updates = { order: inMemoryOrder(parameters), counts: new Array<number>(parameters.length).fill(0) };
      this.#updates.set(parameters, updates);
    }
    return updates;
  }

  #run(block: ParameterBlock, start: number, end: number, count: number) {
    const { values, grads, backend } = block;
    const state = (name: string): FloatArray => this.#array(block, name);
    return { block, values, grads, start, end, count, state, fused: backend.fused };
  }

  #array(block: ParameterBlock, name: string): FloatArray {
    let arrays = this.#arrays.get(block);
    if (!arrays) {
      arrays = {};
      this.#arrays.set(block, arrays);
    }
    arrays[name] ??= block.backend.memory.allocateBlock(dtypeOf(block.values), block.values.length);
    return arrays[name];
  }

  /** What is remembered of one parameter, by name: views, not to be written. */
  of({ place, value }: Parameter): Readonly<Record<string, FloatArray>> {
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
