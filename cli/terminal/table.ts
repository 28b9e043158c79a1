/** Runs side by side in a terminal: rules on a terminal, plain aligned columns in a pipe. */
import Table from 'cli-table3';
import { formatNumber } from '../../src/report/index.js';
import { columnsOf, hasColor, paint, type Sink, shorten } from './stream.js';

/** One run: a column. */
export interface TableColumn {
  readonly label: string;
  /** Values by row name, in order; numbers are formatted. A row that a run lacks shows as `–`. */
  readonly cells: Readonly<Record<string, string | number>>;
  /** The few that tell most, most telling first and under short names, for where the columns do not fit. */
  readonly brief?: Readonly<Record<string, string | number>>;
  /** Set in the colour of trouble: the run diverged. */
  readonly bad?: boolean;
}

const NO_RULES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
} as const;

const LIGHT_RULES = { ...NO_RULES, mid: '─', 'mid-mid': '──' } as const;

/**
 * The table as lines of at most 80 columns, ended by a line break: a column a run, or, where these do not fit, a row a
 * run with as many of its brief cells as do. What fits neither way ends in `…`.
 */
export function renderTable(columns: readonly TableColumn[], sink: Sink): string {
  const [head, ...body] = rowsOf(columns);
  const bad = new Set(columns.filter((column) => column.bad).map((column) => column.label));
  const limit = columnsOf(sink);
  if (widthOf([head, ...body]) > limit && columns.every((column) => column.brief)) {
    const [stackedHead, ...stacked] = stackedRows(columns, limit);
    return draw(stackedHead, stacked, bad, sink);
  }
  return draw(head, body, bad, sink);
}

/** How many columns of a terminal a table needs. */
export function tableWidth(columns: readonly TableColumn[]): number {
  return widthOf(rowsOf(columns));
}

/** A column a run, head first. */
function rowsOf(columns: readonly TableColumn[]): readonly (readonly string[])[] {
  const names = [...new Set(columns.flatMap((column) => Object.keys(column.cells)))];
  const body = names.map((name) => [name, ...columns.map((column) => cellText(column.cells[name]))]);
  return [['', ...columns.map((column) => column.label)], ...body];
}

/** A row a run, head first: brief cells from the most telling on, as long as they fit. */
function stackedRows(columns: readonly TableColumn[], limit: number): readonly (readonly string[])[] {
  const names = [...new Set(columns.flatMap((column) => Object.keys(column.brief!)))];
  let rows = [[''], ...columns.map((column) => [column.label])];
  for (const name of names) {
    const cells = [name, ...columns.map((column) => cellText(column.brief![name]))];
    const wider = rows.map((row, k) => [...row, cells[k]]);
    if (widthOf(wider) > limit) break;
    rows = wider;
  }
  return rows;
}

function widthOf(rows: readonly (readonly string[])[]): number {
  const widths = naturalWidths(rows);
  return widths.reduce((sum, width) => sum + width + 2, -2);
}

function naturalWidths(rows: readonly (readonly string[])[]): number[] {
  return rows[0].map((_, k) => Math.max(1, ...rows.map((row) => [...row[k]].length)));
}

function draw(
  head: readonly string[],
  body: readonly (readonly string[])[],
  bad: ReadonlySet<string>,
  sink: Sink,
): string {
  const color = hasColor(sink);
  const widths = columnWidths([head, ...body], columnsOf(sink));
  const clip = (row: readonly string[]) => row.map((cell, k) => shorten(cell, widths[k]));
  const table = new Table({
    chars: sink.isTTY ? LIGHT_RULES : NO_RULES,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colAligns: head.map((_, k) => (k === 0 ? 'left' : 'right')),
    colWidths: [...widths],
  });
  const strong = (text: string, word: string) => {
    return bad.has(word) ? paint(text, ['bold', 'red'], color) : paint(text, 'bold', color);
  };
  table.push(clip(head).map((label, k) => strong(label, head[k])));
  for (const row of body) {
    const [label, ...cells] = clip(row);
    table.push([bad.has(row[0]) ? strong(label, row[0]) : label, ...cells]);
  }
  const [first, ...rest] = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  const rule = sink.isTTY ? ['─'.repeat(widths.reduce((sum, width) => sum + width + 2, -2))] : [];
  return `${[first, ...rule, ...rest].join('\n')}\n`;
}

function cellText(value: string | number | undefined): string {
  if (value === undefined) return '–';
  return typeof value === 'number' ? formatNumber(value) : value.replaceAll('\n', ' ');
}

/** Natural widths, the widest shrunk until all fit with two spaces between columns. */
function columnWidths(rows: readonly (readonly string[])[], limit: number): readonly number[] {
  const widths = naturalWidths(rows);
  const total = () => widths.reduce((sum, width) => sum + width, 0) + 2 * (widths.length - 1);
  while (total() > limit && Math.max(...widths) > 1) {
    widths[widths.indexOf(Math.max(...widths))] -= 1;
  }
  return widths;
}
