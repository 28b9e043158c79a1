/** Which column is the step, the loss, the gradient norm, and which were not taken. */

import { nearestOf } from '../../tensor/nearest.js';
import type { Objective } from '../diagnose.js';
import { LogError, quoted, shown, someOf } from './log-error.js';
import {
  isClipSetting,
  isEpoch,
  isLabel,
  isSplit,
  type NamedRole,
  normalised,
  objectiveOf,
  type Role,
  rankOf,
  splitOf,
} from './names.js';
import { type Column, LOOKED_AT } from './table.js';

/** Columns that a caller names. */
export type Named = Readonly<Partial<Record<NamedRole, string>>>;

/** A column under the name it has in its run. */
export interface NamedColumn {
  readonly name: string;
  readonly column: Column;
}

/** Columns of which the sum, or the root of the sum of squares, is meant. */
export interface Parts {
  readonly role: 'loss' | 'norm';
  readonly columns: readonly NamedColumn[];
}

/** The columns chosen. */
export interface Chosen {
  readonly columns: Readonly<Partial<Record<Role, NamedColumn>>>;
  readonly parts: readonly Parts[];
  /** Columns that name runs, where a log holds several. */
  readonly labels: readonly NamedColumn[];
  /** The column that tells rows of training from others. */
  readonly split: Column | null;
  readonly objective: Objective;
  /** Names of the columns that are part of the rows, taken or not. */
  readonly names: readonly string[];
  /** Columns that may be a norm or a loss and were not taken. */
  readonly left: readonly string[];
  /** The norm at which a column of settings says that the run is clipped. */
  readonly clipSetting: number | null;
}

/** Instead of a column: do without. */
const NONE = 'none';
/** A column with fewer numbers than this share of the fullest one of its role is a summary. */
const SUMMARY = 0.2;
/** A column with fewer cells than this share of the fullest loss or norm is no part of the rows. */
const RARE = 0.02;
/** Ranks of names that are a part of a loss: `box_loss`, `loss_box`. */
const PARTS: readonly number[] = [4, 7];
/** Ranks from which a name may be of one loss among several. */
const FIRST_PARTS = 3;
/** Ranks of names of a part of a norm: `grad_norm/encoder`. */
const NORM_PARTS = 7;
/** Share of changes of a column of steps that may go back, but not to its start. */
const BACK = 0.35;
/** Rows from which a column that never changes counts nothing. */
const FEW = 3;

/** Chooses a column for each role, as named or as guessed. Throws LogError for a name that no column has. */
export function chooseColumns(all: readonly NamedColumn[], named: Named, rows: number): Chosen {
  const kept = all.filter(({ column }) => column.keeps !== null);
  const isOften = oftenAmong(kept, named);
  const numbers = kept.filter(
    (each) => each.column.keeps === 'number' && each.column.kind === 'number' && isOften(each),
  );
  const objective = objectiveOf(all.filter(isOften).map(({ name }) => name));
  const chosen: Partial<Record<Role, NamedColumn>> = {};
  const parts: Parts[] = [];
  for (const [role, name] of Object.entries(named) as [NamedRole, string][]) {
    const column = columnNamed(all, role, name);
    if (column !== null) chosen[role] = column;
  }
  const isTaken = ({ column }: NamedColumn): boolean =>
    Object.values(chosen).some((other) => other.column === column);
  for (const role of ['loss', 'norm'] as const) {
    if (role in named) continue;
    const found =
      role === 'loss'
        ? lossAmong(
            numbers.filter((each) => !isTaken(each)),
            objective,
          )
        : normAmong(numbers.filter((each) => !isTaken(each)));
    if (found.length === 1) chosen[role] = found[0];
    if (found.length > 1) parts.push({ role, columns: found });
  }
  if (!('step' in named)) {
    const step = stepAmong(
      numbers,
      [chosen.loss ?? parts[0]?.columns[0], chosen.norm].filter((each) => each !== undefined),
      rows,
    );
    if (step !== undefined) chosen.step = step;
  }
  for (const role of ['epoch', 'normAfter', 'clipped', 'lr', 'batch'] as const) {
    if (role in named) continue;
    const possible = (role === 'batch' || role === 'clipped' ? kept : numbers).filter(
      (each) => (role === 'epoch' || !isTaken(each)) && each.column.numbers + each.column.texts > 0,
    );
    const best = bestOf(possible, role)[0];
    if (best !== undefined) chosen[role] = best;
  }
  const taken = new Set(
    [...Object.values(chosen), ...parts.flatMap(({ columns }) => columns)].map(({ column }) => column),
  );
  const isApart = named.step === NONE;
  const judgedCells = [chosen.loss, chosen.norm, parts[0]?.columns[0]].reduce(
    (most, each) => Math.max(most, each?.column.numbers ?? 0),
    0,
  );
  return {
    columns: chosen,
    parts,
    labels: isApart
      ? []
      : kept.filter(
          ({ name, column }) =>
            column.keeps === 'name' &&
            namesRuns(name, column) &&
            !taken.has(column) &&
            isFull(column, judgedCells),
        ),
    split: splitAmong(kept),
    objective,
    names: all.filter(isOften).map(({ name }) => name),
    left: leftOf(all.filter(isOften), taken),
    clipSetting: clipSettingOf(numbers),
  };
}

/**
 * Whether a column has numbers in more than a few of the rows: source code, settings and sentences of a console have names
 * with numbers, too, and say nothing of a run. Columns that are not kept are counted to a few hundred only.
 */
function oftenAmong(columns: readonly NamedColumn[], named: Named): (each: NamedColumn) => boolean {
  const judged = columns.filter(({ column }) => column.isWatched && column.kind === 'number');
  const most = judged.reduce((count, { column }) => Math.max(count, column.numbers), 0);
  const asked = Object.values(named);
  return ({ name, column }) => {
    const counted = column.keeps === null ? Math.min(most, LOOKED_AT) : most;
    return asked.includes(name) || column.numbers + column.texts >= RARE * counted;
  };
}

/** Columns that fit a role, the best first. */
function bestOf(columns: readonly NamedColumn[], role: Role): NamedColumn[] {
  const fitting = columns.flatMap((each) => {
    const rank = rankOf(each.name, role);
    return rank === null ? [] : [{ each, rank }];
  });
  return fitting.sort((a, b) => a.rank - b.rank).map(({ each }) => each);
}

/** Without those that have a few numbers only, as the means at the end of a run. */
function withoutSummaries(columns: readonly NamedColumn[]): NamedColumn[] {
  const most = columns.reduce((count, { column }) => Math.max(count, column.numbers), 0);
  return columns.filter(({ column }) => column.numbers >= SUMMARY * most);
}

/** The loss, or the parts whose sum it is. */
function lossAmong(columns: readonly NamedColumn[], objective: Objective): readonly NamedColumn[] {
  const possible = withoutSummaries(bestOf(columns, 'loss'));
  if (possible.length === 0) return [];
  const [best] = possible;
  if (objective === 'adversarial')
    return [possible.find(({ name }) => /(^|_)(g|gen|generator|netg)(_|$)/.test(normalised(name))) ?? best];
  if (objective === 'reward' && rankOf(best.name, 'loss')! > FIRST_PARTS)
    return [
      possible.find(({ name }) => /(^|_)(policy|pg|pi|actor)_(gradient_)?loss(_|$)/.test(normalised(name))) ??
        best,
    ];
  if (objective === 'reward' || !PARTS.includes(rankOf(best.name, 'loss')!)) return [best];
  const group = possible.filter(
    ({ name }) => PARTS.includes(rankOf(name, 'loss')!) && groupOf(name) === groupOf(best.name),
  );
  return group.length > 1 ? group : [best];
}

/** The gradient norm, or the norms of parts of the model. */
function normAmong(columns: readonly NamedColumn[]): readonly NamedColumn[] {
  const possible = withoutSummaries(bestOf(columns, 'norm')).filter(({ name }) => !isClipSetting(name));
  if (possible.length === 0) return [];
  const [best] = possible;
  if (rankOf(best.name, 'norm') !== NORM_PARTS) return [best];
  return possible.filter(({ name }) => groupOf(name) === groupOf(best.name));
}

/** The part before the last slash. */
function groupOf(name: string): string {
  const slash = name.lastIndexOf('/');
  return slash < 0 ? '' : name.slice(0, slash);
}

/** The column that counts the rows which have a loss or a norm. */
function stepAmong(
  columns: readonly NamedColumn[],
  judged: readonly NamedColumn[],
  rows: number,
): NamedColumn | undefined {
  const possible = bestOf(columns, 'step').filter(({ column }) => {
    if (judged.length === 0) return column.numbers > 0;
    const [most, both] = judged.reduce(
      ([total, shared], { column: { values } }) => {
        for (let i = 0; i < rows; i++) {
          if (Number.isNaN(values[i]) || i >= values.length) continue;
          total++;
          if (!Number.isNaN(column.values[i]) && i < column.values.length) shared++;
        }
        return [total, shared];
      },
      [0, 0],
    );
    return 2 * both >= most;
  });
  const counting = possible.filter(
    ({ column }) => rows >= FEW && !isConstant(column, rows) && counts(column, rows),
  );
  return (
    // An epoch as a fraction counts steps, too, but whole numbers do it better.
    counting.find(({ column, name }) => isWhole(column, rows) || isEpoch(name)) ??
    counting[0] ??
    possible.find(({ column }) => rows < FEW || !isConstant(column, rows)) ??
    possible.find(({ name }) => !/total|max/.test(normalised(name)))
  );
}

/** Whether a column rises from row to row, or falls from row to row; it may start over. */
function counts({ values }: Column, rows: number): boolean {
  let [first, last, changes, back] = [Number.NaN, Number.NaN, 0, 0];
  for (let i = 0; i < rows && i < values.length; i++) {
    const value = values[i];
    if (Number.isNaN(value)) continue;
    if (Number.isNaN(first)) first = value;
    else if (value !== last) {
      changes++;
      if (value < last && value > first) back++;
    }
    last = value;
  }
  return back <= BACK * changes;
}

function isWhole({ values }: Column, rows: number): boolean {
  for (let i = 0; i < rows && i < values.length; i++)
    if (!Number.isNaN(values[i]) && !Number.isInteger(values[i])) return false;
  return true;
}

function isConstant({ values, numbers }: Column, rows: number): boolean {
  let [first, count] = [Number.NaN, 0];
  for (let i = 0; i < rows && i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    if (count++ === 0) first = values[i];
    else if (values[i] !== first) return false;
  }
  return numbers > 1;
}

/** Whether a column names runs; fairseq's `clip`, a share of the steps, does not. */
function namesRuns(name: string, column: Column): boolean {
  return isLabel(name) && (normalised(name) !== 'clip' || column.kind === 'text');
}

/** Whether a column names the run of most rows that are judged. */
const isFull = ({ numbers, texts }: Column, judged: number): boolean => 2 * (numbers + texts) >= judged;

function splitAmong(columns: readonly NamedColumn[]): Column | null {
  const found = columns.find(
    ({ name, column }) =>
      column.keeps === 'name' && isSplit(name) && column.names.some((each) => splitOf(each) !== null),
  );
  return found?.column ?? null;
}

function clipSettingOf(columns: readonly NamedColumn[]): number | null {
  const found = columns.find(
    ({ name, column }) => isClipSetting(name) && column.numbers > 0 && isConstantOrAlone(column),
  );
  const value = found?.column.values.find((each) => !Number.isNaN(each));
  return value !== undefined && value > 0 && value < Infinity ? value : null;
}

const isConstantOrAlone = (column: Column): boolean =>
  column.numbers === 1 || isConstant(column, column.values.length);

/** Numbers whose names speak of gradients, norms or a loss of training, and that were not taken. */
function leftOf(columns: readonly NamedColumn[], taken: ReadonlySet<Column>): string[] {
  const left: string[] = [];
  for (const { name, column } of columns) {
    if (taken.has(column) || column.kind !== 'number' || isClipSetting(name)) continue;
    const text = normalised(name);
    const mayBe =
      (/grad|(^|_)norm(_|$)/.test(text) && !/accumulation|checkpointing|layer_?norm/.test(text)) ||
      rankOf(name, 'loss') !== null;
    if (mayBe) left.push(name);
    if (left.length > 1000) break;
  }
  return left;
}

/** The column of a name, whatever its case, or of a number: its place. Null for `none`. */
function columnNamed(columns: readonly NamedColumn[], role: NamedRole, given: string): NamedColumn | null {
  const same =
    columns.find(({ name }) => name === given) ?? columns.find(({ name }) => alike(name) === alike(given));
  if (same === undefined && given === NONE) return null;
  if (same === undefined) {
    const names = columns.map(({ name }) => name);
    const near = names.length > 0 ? `; did you mean ${quoted(nearestOf(names, given))}?` : '';
    throw new LogError(
      `readLog: ${role}: the log has no column '${shown(given)}'${near} (it has ${someOf(names)})`,
      true,
    );
  }
  if (same.column.kind === 'text' && role !== 'batch') {
    throw new LogError(`readLog: ${role}: column '${shown(same.name)}' holds no numbers; name another`, true);
  }
  return same;
}

const alike = (name: string): string => normalised(name).replaceAll('_', '');

/** Whether the column that counts steps counts epochs. */
export function countsEpochs({ columns }: Chosen): boolean {
  return columns.step !== undefined && isEpoch(columns.step.name);
}
