/**
 * Where the long-lived blocks of one memory lie: they grow from its end downwards, and what is freed is taken again.
 * Separate from SimdMemory because it is plain arithmetic that touches no memory.
 */

/** Stretches of memory: positions `start` … `end − 1`. */
interface Stretch {
  start: number;
  end: number;
}

/** The blocks of a memory and the gaps between them, from `bottom` to its end. */
export class BlockMap {
  /** Room of each block by its position. */
  readonly #blocks = new Map<number, number>();
  /** By position, none next to another, none at the bottom. */
  readonly #gaps: Stretch[] = [];
  #bottom: number;

  constructor(end: number) {
    this.#bottom = end;
  }

  /** Where the blocks begin: everything below is free. */
  get bottom(): number {
    return this.#bottom;
  }

  /** The smallest gap that holds `room`, or undefined. */
  #gapFor(room: number): Stretch | undefined {
    let best: Stretch | undefined;
    for (const gap of this.#gaps) {
      const size = gap.end - gap.start;
      if (size >= room && !(best && best.end - best.start <= size)) best = gap;
    }
    return best;
  }

  /** Whether a gap holds `room`, so that a new block leaves the bottom where it is. */
  hasGap(room: number): boolean {
    return this.#gapFor(room) !== undefined;
  }

  /** Position of a new block of `room` > 0: in a gap, or else below the lowest one if that is at `floor` at least. */
  take(room: number, floor: number): number | undefined {
    const gap = this.#gapFor(room);
    const start = (gap?.end ?? this.#bottom) - room;
    if (gap) {
      gap.end = start;
      if (gap.end === gap.start) this.#gaps.splice(this.#gaps.indexOf(gap), 1);
    } else {
      if (start < floor) return undefined;
      this.#bottom = start;
    }
    this.#blocks.set(start, room);
    return start;
  }

  /** Frees the block at a position; returns whether there was one. */
  free(start: number): boolean {
    const room = this.#blocks.get(start);
    if (room === undefined) return false;
    this.#blocks.delete(start);
    const gaps = this.#gaps;
    let next = gaps.findIndex((gap) => gap.start > start);
    if (next < 0) next = gaps.length;
    const freed = { start, end: start + room };
    gaps.splice(next, 0, freed);
    if (gaps[next + 1]?.start === freed.end) freed.end = gaps.splice(next + 1, 1)[0].end;
    if (gaps[next - 1]?.end === freed.start) freed.start = gaps.splice(--next, 1)[0].start;
    if (freed.start === this.#bottom) {
      this.#bottom = freed.end;
      gaps.splice(next, 1);
    }
    return true;
  }
}
