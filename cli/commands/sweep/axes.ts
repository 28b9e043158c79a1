/** What varies over a sweep besides clip spec and seed: the learning rate, and whichever options of the demo do. */

import type { SweepRow } from './tasks.js';

/** One axis, and its value in a row. */
export interface Axis {
  /** As in an option: `lr`, `rho`. */
  readonly name: string;
  /** In a sentence. */
  readonly words: string;
  valueOf(row: SweepRow): string | number;
}

const RATE: Axis = { name: 'lr', words: 'learning rate', valueOf: ({ lr }) => lr };

/** The axes of these rows; where nothing varies, the learning rate. */
export function axesOf(rows: readonly SweepRow[]): readonly Axis[] {
  const own = Object.keys(rows[0]?.settings ?? {}).map(
    (name): Axis => ({ name, words: name, valueOf: ({ settings }) => settings[name] }),
  );
  const varying = [RATE, ...own].filter((axis) => new Set(rows.map(axis.valueOf)).size > 1);
  return varying.length > 0 ? varying : [RATE];
}

/** The place of a row on the axes: `lr 0.1, rho 1.2`. */
export function placeOf(row: SweepRow, axes: readonly Axis[], as: 'name' | 'words' = 'name'): string {
  return axes.map((axis) => `${axis[as]} ${axis.valueOf(row)}`).join(', ');
}
