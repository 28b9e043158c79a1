/** Logs as tables: CSV, TSV and the like, with a header (RFC 4180). */

import { type Format, kindOf, type RowReader } from './format.js';
import { numberOf } from './values.js';

const delimiters = [',', '\t', ';', '|'] as const;
/** Lines that a quoted cell may span; a quote that is open for longer is a stray one. */
const LONGEST_CELL = 20;

/** The format of a table, from its first lines. Throws an Error where the first of them is no header. */
export function csvOf(lines: readonly string[], name: string): Format {
  const header = lines.find((line) => line.trim() !== '') ?? '';
  const delimiter = delimiters.reduce((best, each) =>
    header.split(each).length > header.split(best).length ? each : best,
  );
  const names = (splitRow(header.replace(/^#\s*/, ''), delimiter) ?? [header]).map((cell) => cell.trim());
  if (names.every((cell) => typeof numberOf(cell) === 'number')) {
    throw new Error(
      `advise: ${name} has no header, its first line is numbers; add one, as in step,loss,grad_norm`,
    );
  }
  const reader: Format['reader'] = (wanted, onBroken) => {
    const places = wanted.map((column) => names.indexOf(column));
    const read = rowReader(header, delimiter, names.length, onBroken);
    return (line) => {
      const cells = read(line);
      return cells && places.map((place) => cells[place]);
    };
  };
  const sample = lines.map(reader(names, () => {})).filter((cells) => cells !== null);
  const kinds = names.map((_, i) => kindOf(sample.map((cells) => numberOf(cells[i]))));
  const columns = names.map((column, i) => ({ name: column, kind: kinds[i] }));
  return { name: delimiter === '\t' ? 'TSV' : 'CSV', columns, reader };
}

/** Reads all cells of a row, which may span lines. */
function rowReader(
  header: string,
  delimiter: string,
  width: number,
  onBroken: (ago: number) => void,
): RowReader {
  /** Lines of a row whose quoted cell has not ended yet. */
  let open: string[] = [];
  const giveUp = (ago: number): void => {
    onBroken(ago);
    open = [];
  };
  return (line) => {
    // Logs that are appended to have their header again and again.
    if ((line === '' && open.length === 0) || line === header) return null;
    const alone = splitRow(line, delimiter);
    const joined = open.length === 0 ? alone : splitRow([...open, line].join('\n'), delimiter);
    if (joined?.length === width) {
      open = [];
      return joined;
    }
    if (alone?.length === width) {
      giveUp(open.length);
      return alone;
    }
    open.push(line);
    if (joined !== null || open.length === LONGEST_CELL) giveUp(open.length - 1);
    return null;
  };
}

/** The cells of a row; null where a quoted one has no end. */
function splitRow(line: string, delimiter: string): string[] | null {
  if (!line.includes('"')) return line.split(delimiter);
  const cells: string[] = [];
  for (let start = 0; start <= line.length; start++) {
    const isQuoted = line[start] === '"';
    const quote = isQuoted ? closingQuote(line, start + 1) : start;
    if (quote < 0) return null;
    const next = line.indexOf(delimiter, quote);
    const end = next < 0 ? line.length : next;
    cells.push(isQuoted ? line.slice(start + 1, quote).replaceAll('""', '"') : line.slice(start, end));
    start = end;
  }
  return cells;
}

/** The first quote that is not one of two; -1 without one. */
function closingQuote(line: string, from: number): number {
  let quote = line.indexOf('"', from);
  while (quote >= 0 && line[quote + 1] === '"') quote = line.indexOf('"', quote + 2);
  return quote;
}
