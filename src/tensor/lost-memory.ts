/**
 * Blocks come back by themselves when nobody holds their owner any more. Two things stand in the way of a garbage
 * collector: it does not see the memory of kernels, so that nothing would hurry it, and it tells of what it found between
 * two tasks only.
 */

import type { Memory } from './backend.js';
import type { FloatArray } from './view.js';

interface Block {
  readonly memory: Memory;
  readonly block: FloatArray;
}

/** Bytes of blocks that may be allocated before the event loop must have had a turn. */
const PER_TURN = 1 << 27;

const registry = new FinalizationRegistry<Block>(({ memory, block }) => memory.freeBlock(block));

/** Who keeps blocks alive, and holds what the collector sees in their place: as large, and never touched, so that no page of it is real. */
export interface BlockOwner {
  weights?: ArrayBuffer[];
}

/** A buffer that may grow is mapped, not cleared: the language's types of this year leave the second argument out. */
const LazyBuffer = ArrayBuffer as new (length: number, options: { maxByteLength: number }) => ArrayBuffer;

/** Bytes outside its own memory by which V8 decides that it is time to collect. */
const PRESSURE = 1 << 26;

let sinceTurn = 0;

/** Frees a block when nobody holds `owner` any more; who reads the block must hold it. */
export function freeWithOwner(owner: BlockOwner, memory: Memory, block: FloatArray): void {
  registry.register(owner, { memory, block }, block);
  const { byteLength } = block;
  // A block that is an array of its own is seen as it is.
  if (block.buffer.byteLength === byteLength) return;
  sinceTurn += byteLength;
  const weight = new LazyBuffer(byteLength, { maxByteLength: byteLength });
  owner.weights ??= [];
  owner.weights.push(weight);
}

/** Frees a block now. */
export function freeNow(memory: Memory, block: FloatArray): void {
  registry.unregister(block);
  memory.freeBlock(block);
}

/** A turn of the event loop, in which lost blocks come back, where so much was allocated that it is due; else null. */
export function turnForLost(): Promise<void> | null {
  return sinceTurn < PER_TURN ? null : nextTurn();
}

/** The same where memory is short, with the collector hurried: it sees buffers come and go, whose pages are never real. */
export function urgentTurnForLost(): Promise<void> {
  for (let k = 0; k < 4; k++) new LazyBuffer(PRESSURE, { maxByteLength: PRESSURE });
  return nextTurn();
}

function nextTurn(): Promise<void> {
  sinceTurn = 0;
  return new Promise((resolve) => setTimeout(resolve));
}
