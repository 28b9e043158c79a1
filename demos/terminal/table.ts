/** Runs side by side in a terminal: rules on a terminal, plain aligned columns in a pipe. */
import Table from 'cli-table3';
import { formatNumber } from '../../src/train/report/index.js';
import { columnsOf, hasColor, paint, type Sink, shorten } from './stream.js';

/** One run: a column. */
export interface TableColumn {
  readonly label: string;
  /** Values by row name, in order; numbers are formatted. A row that a run lacks shows as `–`. */
  readonly cells: Readonly<Record<string, string | number>>;
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

/** The table as lines of at most 80 columns; cells that do not fit end in `…`. Ends with a line break. */
export function renderTable(columns: readonly TableColumn[], sink: Sink): string {
  const color = hasColor(sink);
  const names = [...new Set(columns.flatMap((column) => Object.keys(column.cells)))];
  const body = names.map((name) => [name, ...columns.map((column) => cellText(column.cells[name]))]);
  const head = ['', ...columns.map((column) => column.label)];
  const widths = columnWidths([head, ...body], columnsOf(sink));
  const clip = (row: readonly string[]) => row.map((cell, k) => shorten(cell, widths[k]));
  const table = new Table({
    chars: sink.isTTY ? LIGHT_RULES : NO_RULES,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colAligns: head.map((_, k) => (k === 0 ? 'left' : 'right')),
    colWidths: [...widths],
  });
  const labels = clip(head).map((label, k) => {
    if (k === 0) return label;
    return paint(label, columns[k - 1].bad ? ['bold', 'red'] : 'bold', color);
  });
  table.push(labels);
  for (const row of body) table.push(clip(row));
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
  const widths = rows[0].map((_, k) => Math.max(1, ...rows.map((row) => [...row[k]].length)));
  const total = () => widths.reduce((sum, width) => sum + width, 0) + 2 * (widths.length - 1);
  while (total() > limit && Math.max(...widths) > 1) {
    widths[widths.indexOf(Math.max(...widths))] -= 1;
  }
  return widths;
}
