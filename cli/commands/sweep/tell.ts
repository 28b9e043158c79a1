/** A sweep in a terminal: the median final loss over clip specs and learning rates, then the sentence. */

import { median } from '../../../src/index.js';
import { formatNumber } from '../../../src/report/index.js';
import { clipLegend } from '../../clip-names.js';
import { columnsOf, type Sink } from '../../terminal/stream.js';
import { renderTable, type TableColumn, tableWidth } from '../../terminal/table.js';
import { wrap } from '../demo/comparison.js';
import { axesOf, placeOf } from './axes.js';
import { lossOf, tellSweep } from './page.js';
import type { SweepRow } from './tasks.js';

/** The whole view, at most 80 columns wide: as many rates side by side as fit, the others below. */
export function tellRows(rows: readonly SweepRow[], sink: Sink): string {
  const width = columnsOf(sink);
  const blocks: TableColumn[][] = [[]];
  for (const column of columnsFor(rows)) {
    const block = blocks[blocks.length - 1];
    if (block.length > 0 && tableWidth([...block, column]) > width) blocks.push([column]);
    else block.push(column);
  }
  const seeds = new Set(rows.map(({ seed }) => seed)).size;
  const legend = clipLegend(rows.map(({ clip }) => clip));
  const caption = `Median final loss, ${seeds} ${seeds === 1 ? 'seed' : 'seeds'} each; ✗: how many diverged.${legend && ` Here ${legend}.`}`;
  const tables = blocks.map((block) => renderTable(block, sink));
  return `${[...tables, `${wrap(caption, width)}\n`].join('\n')}\n${wrap(tellSweep(rows).replaceAll('`', ''), width)}\n`;
}

/** A column for each place on the axes, a row for each spec. */
function columnsFor(rows: readonly SweepRow[]): readonly TableColumn[] {
  const clips = [...new Set(rows.map(({ clip }) => clip))];
  const axes = axesOf(rows);
  return [...new Set(rows.map((row) => placeOf(row, axes)))].map((place) => {
    const own = rows.filter((row) => placeOf(row, axes) === place);
    const cells = clips.map((clip) => [clip, cellOf(own.filter((row) => row.clip === clip))] as const);
    return { label: place, cells: Object.fromEntries(cells) };
  });
}

/** `0.31`; `✗ 3/5` where most diverged; both where some did; `–` where none was trained yet. */
function cellOf(rows: readonly SweepRow[]): string {
  if (rows.length === 0) return '–';
  const diverged = rows.filter((row) => row.diverged).length;
  const middle = median(rows.map(lossOf), 'largest');
  const parts = [
    ...(Number.isNaN(middle) ? [] : [formatNumber(middle)]),
    ...(diverged > 0 ? [`✗ ${diverged}/${rows.length}`] : []),
  ];
  return parts.join(' ');
}
