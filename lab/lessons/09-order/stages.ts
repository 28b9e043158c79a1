/** The seven stages of a training step. Page and worker share their names. */

/** In the order that does no damage. */
export const RIGHT = ['accumulate', 'average', 'unscale', 'check', 'clip', 'decay', 'step'] as const;

export type Stage = (typeof RIGHT)[number];

/** Micro-batches of an update, and what their losses are multiplied by on the way back. */
export const MICRO = 4;
export const SCALE = 64;

/** The stages between commas; null unless each is there once. */
export function parseOrder(text: string): readonly Stage[] | null {
  const order = text.split(',') as Stage[];
  return order.length === RIGHT.length && RIGHT.every((stage) => order.includes(stage)) ? order : null;
}
