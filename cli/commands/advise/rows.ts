/** What the lines of a log mean: its first lines tell format and columns, and these make a row of each further one. */

import { UsageError } from '../../errors.js';
import { type Chosen, chooseColumns, type NamedRole, type Role } from './columns.js';
import { csvOf } from './csv.js';
import type { Column, Format } from './format.js';
import { jsonLinesOf } from './json-lines.js';
import type { Row } from './runs.js';
import { flagOf, nameOf, numberOf, numbersOf } from './values.js';

/** Share of the first lines that must be objects in a log of objects; the rest may be what else a program printed. */
const OBJECTS = 0.1;

/** Columns that the command line names. */
export type Named = Readonly<Partial<Record<NamedRole, string>>>;

/** How a log is read. */
export interface Plan {
  readonly format: string;
  readonly columns: Chosen['columns'];
  /** The row of a line and the run it names; null where the line has none, or is broken. */
  readonly rowOf: (line: string) => { readonly row: Row; readonly label: string } | null;
}

/**
 * Plans the reading of a log from its first lines; `onBroken` hears of lines that cannot be read, and how many lines ago
 * they were. Throws an Error for what is no log, UsageError where a column must be named.
 */
export function planOf(
  lines: readonly string[],
  name: string,
  named: Named,
  onBroken: (ago: number) => void,
): Plan {
  const format = formatOf(lines, name);
  if (!format.columns.some(({ kind }) => kind === 'number')) {
    throw new Error(`advise: ${name} has no numeric column; a log has numbers, as in step,loss,grad_norm`);
  }
  const { columns, labels } = chooseColumns(format.columns, named);
  if (columns.loss === undefined && columns.norm === undefined) throw nothingToJudge(format.columns, name);
  return { format: format.name, columns, rowOf: rowReader(format, columns, labels, onBroken) };
}

function formatOf(lines: readonly string[], name: string): Format {
  const filled = lines.filter((line) => line.trim() !== '');
  if (filled.length === 0) throw new Error(`advise: ${name} is empty; a log has a row for each step`);
  if (/^\s*(\[\s*\{.*|\[|\{)\s*$/.test(filled[0])) {
    throw new Error(
      `advise: ${name} is one JSON document; a log has an object a line, as jq -c '.[]' writes`,
    );
  }
  const objects = filled.filter((line) => line.trimStart().startsWith('{')).length;
  return objects >= OBJECTS * filled.length ? jsonLinesOf(filled) : csvOf(filled, name);
}

function nothingToJudge(columns: readonly Column[], name: string): UsageError {
  const names = columns.filter(({ kind }) => kind === 'number').map((column) => column.name);
  const some = names.slice(0, 8).join(', ') + (names.length > 8 ? ', …' : '');
  return new UsageError(
    `advise: no column of ${name} looks like a loss or a gradient norm; name one of ${some} with --loss or --norm`,
  );
}

function rowReader(
  format: Format,
  columns: Plan['columns'],
  labels: readonly string[],
  onBroken: (ago: number) => void,
): Plan['rowOf'] {
  const roles = Object.keys(columns) as Role[];
  const read = format.reader([...roles.map((role) => columns[role]!), ...labels], onBroken);
  const place = (role: Role): number => roles.indexOf(role);
  const [step, epoch, loss, norm, normAfter, lr] = (
    ['step', 'epoch', 'loss', 'norm', 'normAfter', 'lr'] as const
  ).map(place);
  const [clipped, batch, norms] = (['clipped', 'batch', 'norms'] as const).map(place);
  return (line) => {
    const cells = read(line);
    if (cells === null) return null;
    let isBroken = false;
    const number = (at: number): number | undefined => {
      const value = numberOf(cells[at]);
      if (value === null) isBroken = true;
      return value ?? undefined;
    };
    const row: Row = {
      step: number(step),
      epoch: number(epoch),
      loss: number(loss),
      norm: number(norm),
      normAfter: number(normAfter),
      lr: number(lr),
      clipped: flagOf(cells[clipped]),
      batch: nameOf(cells[batch]),
      norms: numbersOf(cells[norms]),
    };
    if (isBroken) onBroken(0);
    return isBroken ? null : { row, label: labelOf(labels, cells.slice(roles.length)) };
  };
}

/** `demo latch, clip norm:1`. */
function labelOf(labels: readonly string[], cells: readonly unknown[]): string {
  return labels.map((name, i) => `${name} ${nameOf(cells[i]) ?? 'none'}`).join(', ');
}
