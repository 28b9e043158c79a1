/** The gates of a recurrent cell lie side by side in one row: [B, gates · H]. Shared by LSTM and GRU. */

import type { Tensor } from './tensor.js';

/** The `count` blocks of equal width of a matrix, views. */
export function blocksOf(rows: Tensor, count: number): Tensor[] {
  const width = rows.shape[1] / count;
  return Array.from({ length: count }, (_, k) => rows.slice([null, [k * width, (k + 1) * width]]));
}

/** Copies matrices of equal shape into the blocks of one. */
export function writeBlocks(rows: Tensor, blocks: readonly Tensor[]): void {
  for (const [k, target] of blocksOf(rows, blocks.length).entries()) {
    rows.backend.copy(blocks[k].view(), target.view());
  }
}
