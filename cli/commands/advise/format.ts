/** What the formats of logs have in common: columns with names, and lines that hold a cell of each. */

/** A column as the first lines show it. */
export interface Column {
  readonly name: string;
  /** `empty` where the first lines have nothing in it. */
  readonly kind: 'number' | 'text' | 'empty';
}

/** The cells of a line, in the order of the columns asked for; null for a line that has no row (any more, or yet). */
export type RowReader = (line: string) => readonly unknown[] | null;

/** A log's format, as its first lines tell it. */
export interface Format {
  readonly name: string;
  readonly columns: readonly Column[];
  /** A reader of lines, from the first on; `onBroken` hears of each that is none of the format, and how many lines ago it was. */
  reader(names: readonly string[], onBroken: (ago: number) => void): RowReader;
}

/** The kind of a column from some of its cells, given as numbers (null: no number, undefined: empty). */
export function kindOf(numbers: readonly (number | undefined | null)[]): Column['kind'] {
  const known = numbers.filter((value) => value !== undefined);
  if (known.length === 0) return 'empty';
  // A few broken cells do not make a column of numbers text.
  return 2 * known.filter((value) => value !== null).length > known.length ? 'number' : 'text';
}
