/** The parts of a sweep put together: the rows of all shards, in the order of the whole. */

import { printable, readWhole } from '../../../src/persist/files/index.js';
import { toJson } from '../../../src/persist/index.js';
import { UsageError } from '../../errors.js';
import { asUsage } from '../../files.js';
import { type PlacedRow, parseRow } from './rows.js';
import type { Place, SweepRow } from './tasks.js';

/** What the files of some shards hold. */
export interface Joined {
  /** In the order of the whole sweep. */
  readonly rows: readonly SweepRow[];
  /** How many trainings the whole sweep has. */
  readonly total: number;
}

type Part = Required<PlacedRow> & { readonly path: string };

/** Reads and joins. Throws UsageError, naming file and line, for what is not a part of one and the same sweep. */
export function joinShards(paths: readonly string[]): Joined {
  const parts = paths.flatMap(partsOf);
  if (parts.length === 0) throw new UsageError('sweep join: these files hold no row yet');
  const [first] = parts;
  const byPlace = new Map<number, Part>();
  for (const part of parts) {
    if (!belongs(part, first)) {
      throw new UsageError(
        `sweep join: ${named(first.path)} and ${named(part.path)} are of different sweeps`,
      );
    }
    const before = byPlace.get(part.place.task);
    if (before && toJson(before.row) !== toJson(part.row)) {
      throw new UsageError(
        `sweep join: ${named(before.path)} and ${named(part.path)} have different rows of training ${part.place.task + 1}`,
      );
    }
    byPlace.set(part.place.task, part);
  }
  const inOrder = [...byPlace.values()].sort((a, b) => a.place.task - b.place.task);
  return { rows: inOrder.map(({ row }) => row), total: first.place.of };
}

/** The whole lines of a file: the last one may have been cut off by a kill. */
function partsOf(path: string): readonly Part[] {
  const text = asUsage(() => readWhole('sweep join', path)).toString('utf8');
  const lines = text.replace(/\0[\s\S]*$/, '').split('\n');
  return lines.slice(0, -1).map((line, i) => {
    const { row, place } = parseRow(line) ?? {};
    if (row && place && isPlace(place) && isRow(row)) return { row, place, path };
    throw new UsageError(
      `sweep join: line ${i + 1} of ${named(path)} is not of a part of a sweep; name what \`sweep --shard\` wrote`,
    );
  });
}

function isPlace({ task, of, sweep }: Place): boolean {
  const counts = [task, of].every((count) => Number.isSafeInteger(count) && count >= 0);
  return counts && task < of && typeof sweep === 'string';
}

/** Whether a row has what a table and a page show. */
function isRow({ demo, clip, lr, seed, settings, diverged, finalLoss, learned }: SweepRow): boolean {
  return (
    [demo, clip].every((text) => typeof text === 'string') &&
    [lr, seed, finalLoss].every((number) => typeof number === 'number') &&
    [diverged, learned].every((flag) => typeof flag === 'boolean') &&
    typeof settings === 'object' &&
    settings !== null
  );
}

function belongs({ row, place }: Part, { row: own, place: first }: Part): boolean {
  const shared = ({ demo, settings: { steps, optimizer, backend } }: SweepRow) =>
    toJson({ demo, steps, optimizer, backend });
  return place.of === first.of && place.sweep === first.sweep && shared(row) === shared(own);
}

function named(path: string): string {
  return `'${printable(path)}'`;
}
