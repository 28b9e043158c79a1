/**
 * The frame around every figure: caption, legend, drawing, words, data table. It is separate from the drawings
 * so that no figure can forget the parts for those who do not see it.
 */
import { escapeHtml, escapeProse } from './format.js';
import { type Marker, seriesStyle } from './palette.js';
import type { SvgText } from './svg.js';
import type { FigureText } from './types.js';

/** One entry of a legend. */
export interface LegendEntry {
  readonly label: string;
  readonly style: number;
  readonly reference?: boolean;
  readonly scattered?: boolean;
  /** Whose line it lies upon, point for point. */
  readonly twin?: string;
  /** What became of the line, e.g. `diverged at step 35`. */
  readonly note?: string;
}

/** Numbers behind a figure, already formatted. */
export interface FigureTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What a kind of figure hands to the frame. */
export interface FigureParts {
  readonly legend: readonly LegendEntry[];
  /** Draws the SVGs; the text names them. */
  readonly draw: (text: Omit<SvgText, 'className'>) => string;
  /** Goes under the drawing, e.g. a scale of colours; markup. */
  readonly key?: string;
  readonly summary: string;
  readonly table: FigureTable | null;
}

const MARKER_PATHS: Readonly<Record<Marker, string>> = {
  circle: 'M-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0-7.2 0z',
  square: 'M-3.2-3.2h6.4v6.4h-6.4z',
  triangle: 'M0-4.2l4 7h-8z',
  diamond: 'M0-4.8l3.6 4.8l-3.6 4.8l-3.6-4.8z',
  star: 'M0-4.8l1.2 3.3h3.5l-2.8 2.1l1 3.4l-2.9-2l-2.9 2l1-3.4l-2.8-2.1h3.5z',
  cross: 'M-1.4-4.2h2.8v2.8h2.8v2.8h-2.8v2.8h-2.8v-2.8h-2.8v-2.8h2.8z',
};

function swatch({ style, reference, scattered }: LegendEntry): string {
  const { color, dash, marker } = seriesStyle(style);
  const dashes = reference ? '4 4' : dash;
  const line = scattered
    ? ''
    : `<path d="M1 7h32" stroke="${color}" stroke-width="${reference ? 1.5 : 2.25}"${
        dashes ? ` stroke-dasharray="${dashes}"` : ''
      } fill="none"/>`;
  const mark = reference
    ? ''
    : `<path d="${MARKER_PATHS[marker]}" transform="translate(17 7)" fill="${color}"/>`;
  return `<svg viewBox="0 0 34 14" width="34" height="14" aria-hidden="true">${line}${mark}</svg>`;
}

/** A legend as a list; nothing where there is nothing to tell apart. */
export function renderLegend(entries: readonly LegendEntry[]): string {
  if (entries.length === 0) return '';
  const items = entries.map((entry) => {
    const note = entry.note ? ` <span class="note">✗ ${escapeHtml(entry.note)}</span>` : '';
    const same = entry.twin === undefined ? '' : escapeHtml(`, the same as ${entry.twin}`);
    return `<li>${swatch(entry)}<span>${escapeHtml(entry.label)}${same}${note}</span></li>`;
  });
  return `<ul class="legend">${items.join('')}</ul>`;
}

/** A table that scrolls inside its own box where it is too wide. */
export function renderTable(table: FigureTable, label: string): string {
  const head = table.head
    .map((cell) => (cell === '' ? '<td></td>' : `<th scope="col">${escapeHtml(cell)}</th>`))
    .join('');
  const rows = table.rows.map(([first, ...rest]) => {
    const cells = rest.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('');
    return `<tr><th scope="row">${escapeHtml(first)}</th>${cells}</tr>`;
  });
  const attributes = `class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(label)}"`;
  return `<div ${attributes}><table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

/** The whole `<figure>`; `id` must be unique in the page. */
export function renderShell(figure: FigureText, parts: FigureParts, id: string): string {
  const summaryId = `${id}-summary`;
  const drawing = parts.draw({ label: figure.title, describedBy: summaryId });
  const table = parts.table
    ? `<details><summary>Numbers behind the figure</summary>${renderTable(
        parts.table,
        `Numbers: ${figure.title}`,
      )}</details>`
    : '';
  return [
    `<figure id="${id}">`,
    `<figcaption><strong>${escapeHtml(figure.title)}</strong> ${escapeProse(figure.caption)}</figcaption>`,
    renderLegend(parts.legend),
    `<div class="plot">${drawing}</div>`,
    parts.key ?? '',
    `<p class="summary" id="${summaryId}">${escapeProse(figure.summary ?? parts.summary)}</p>`,
    table,
    '</figure>',
  ].join('\n');
}
