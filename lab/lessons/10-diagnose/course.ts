/** The course of a run as the page draws it: what is too long is thinned out, spikes and gaps stay. */

import type { LogColumns } from '../../../src/diagnose/index.js';
import { median } from '../../../src/index.js';

/** Points of a line. */
export interface Line {
  readonly x: readonly number[];
  /** NaN where the log is silent or the number is not finite. */
  readonly y: readonly number[];
  /** The median of all that is finite; NaN without any. */
  readonly usual: number;
}

/** What a chart and a sentence need of a run. */
export interface Course {
  readonly rows: number;
  readonly loss: Line;
  readonly norm: Line;
  /** The first step at which loss or norm is not finite; null without one, and how many there are. */
  readonly broke: number | null;
  readonly broken: number;
  /** The steps with the largest norms, the largest first, and the batches that they took. */
  readonly peaks: readonly { readonly step: number; readonly norm: number; readonly batch: string | null }[];
}

/** Rows beyond which a line is thinned out, to the highest and the lowest of so many stretches. */
const STRETCHES = 1000;
const PEAKS = 3;

/** The course of a run. */
export function courseOf(columns: LogColumns): Course {
  const [steps, loss, norm, batch] = (['step', 'loss', 'norm', 'batch'] as const).map((name) =>
    columns.column(name),
  );
  const at = (row: number): number => (Number.isNaN(steps[row]) ? row : steps[row]);
  let [broke, broken]: [number | null, number] = [null, 0];
  const order: number[] = [];
  for (let row = 0; row < columns.length; row++) {
    if (loss[row] === Infinity || norm[row] === Infinity) {
      broke ??= at(row);
      broken++;
    }
    if (!(norm[row] < Infinity)) continue;
    if (order.length === PEAKS && !(norm[row] > norm[order[PEAKS - 1]])) continue;
    order.push(row);
    order.sort((a, b) => norm[b] - norm[a]);
    order.length = Math.min(PEAKS, order.length);
  }
  const names = columns.batches;
  const peaks = order.map((row) => ({
    step: at(row),
    norm: norm[row],
    batch: batch[row] < names.length ? String(names[batch[row]]) : null,
  }));
  return { rows: columns.length, loss: lineOf(at, loss), norm: lineOf(at, norm), broke, broken, peaks };
}

function lineOf(at: (row: number) => number, values: Float64Array): Line {
  const rows: number[] = [];
  const size = values.length > 2 * STRETCHES ? Math.ceil(values.length / STRETCHES) : 1;
  for (let start = 0; start < values.length; start += size) {
    let [low, high, gap] = [start, start, -1];
    for (let row = start; row < Math.min(values.length, start + size); row++) {
      if (!(values[row] < Infinity)) gap = row;
      else if (!(values[row] >= values[low])) low = row;
      else if (!(values[row] <= values[high])) high = row;
    }
    rows.push(...[...new Set(gap < 0 ? [low, high] : [low, high, gap])].sort((a, b) => a - b));
  }
  const finite = (value: number): number => (value < Infinity ? value : Number.NaN);
  const usual = median(values.filter((value) => value < Infinity));
  return { x: rows.map(at), y: rows.map((row) => finite(values[row])), usual };
}
