/**
 * The ladder: a tile for each setting and each way of doing it, coloured by what came of it. A sign and a word stand in
 * every tile, so that it reads without colour; on a phone the settings run down instead of across.
 */
import { escapeHtml } from './format.js';
import type { FigureParts, FigureTable } from './shell.js';
import type { SvgText } from './svg.js';
import type { LadderCell, LadderFigure } from './types.js';

const WIDE = { width: 860, lead: 34, widest: 120, tile: 62, gap: 3 } as const;
const NARROW = { width: 350, lead: 46, tile: 30, gap: 3 } as const;
/** Width of a letter of 13, about. */
const LETTER = 6.6;
/** A narrower tile has no room for a word beside sign and number. */
const WORD_NEEDS = 118;

/** Colours of a tile: its ground, its edge, its text. */
const TONES: Readonly<Record<LadderCell['tone'], readonly [fill: string, edge: string, ink: string]>> = {
  ok: ['var(--good)', 'var(--good)', 'var(--card)'],
  bad: ['var(--bad)', 'var(--bad)', 'var(--card)'],
  poor: ['var(--card)', 'var(--bad)', 'var(--bad)'],
  plain: ['var(--bg)', 'var(--rule)', 'var(--soft)'],
};

/** Parts of a ladder: drawn twice, across and down. */
export function ladderParts(figure: LadderFigure): FigureParts {
  return {
    legend: [],
    draw: (text) => across(figure, text) + down(figure, text),
    summary: figure.rows.map((row) => rowWords(figure, row)).join(' '),
    table: tableOf(figure),
  };
}

/** Neighbours with the same outcome in one breath. */
function rowWords({ x }: LadderFigure, { label, cells }: LadderFigure['rows'][number]): string {
  const runs: { readonly word: string; readonly from: string; to: string }[] = [];
  cells.forEach((cell, i) => {
    const word = cell?.word ?? 'not run';
    const last = runs[runs.length - 1];
    if (last?.word === word) last.to = x.values[i];
    else runs.push({ word, from: x.values[i], to: x.values[i] });
  });
  const said = runs.map(
    ({ word, from, to }) => `${x.symbol} = ${from === to ? from : `${from} to ${to}`}: ${word}`,
  );
  return `${label}: ${said.join('; ')}.`;
}

function tableOf({ x, rows }: LadderFigure): FigureTable {
  return {
    head: [x.symbol, ...rows.map(({ label }) => label)],
    rows: x.values.map((value, i) => [
      value,
      ...rows.map(({ cells }) => {
        const cell = cells[i];
        return cell ? [cell.word, cell.note].filter(Boolean).join(', ') : 'not run';
      }),
    ]),
  };
}

function across({ x, rows, bands = [] }: LadderFigure, text: Omit<SvgText, 'className'>): string {
  const { width, lead, widest, tile, gap } = WIDE;
  const column = Math.min(widest, (width - lead) / x.values.length);
  const left = (i: number) => lead + i * column;
  const parts: string[] = [];
  let y = 16;
  if (bands.length > 0) {
    for (const { label, from, to } of bands) {
      const [start, end] = [left(from) + gap, left(to + 1) - gap];
      const middle = Math.max((start + end) / 2, (label.length * LETTER) / 2);
      parts.push(words(label, middle, y, { size: 13 }));
      parts.push(`<path d="M${start} ${y + 13}v-5H${end}v5" fill="none" stroke="currentColor"/>`);
    }
    y += 36;
  }
  parts.push(words(x.symbol, 2, y, { size: 14, anchor: 'start', weight: 600 }));
  x.values.forEach((value, i) => {
    parts.push(words(value, left(i) + column / 2, y, { size: 14, weight: 600, ink: 'var(--ink)' }));
  });
  y += 14;
  for (const { label, cells } of rows) {
    y += 18;
    parts.push(words(label, lead, y, { size: 14, anchor: 'start', weight: 650, ink: 'var(--ink)' }));
    y += 8;
    cells.forEach((cell, i) => {
      const middle = left(i) + column / 2;
      parts.push(ground(cell, left(i) + gap / 2, y, column - gap, tile));
      if (!cell) return;
      const ink = TONES[cell.tone][2];
      parts.push(words(cell.sign, middle, y + 21, { size: 18, ink, weight: 700 }));
      parts.push(words(cell.word, middle, y + 38, { size: 12.5, ink, weight: 600 }));
      parts.push(words(cell.note, middle, y + 53, { size: 12, ink }));
    });
    y += tile + 10;
  }
  return svg(width, y, 'wide', parts, text);
}

function down({ x, rows, bands = [] }: LadderFigure, text: Omit<SvgText, 'className'>): string {
  const { width, lead, tile, gap } = NARROW;
  const column = (width - lead) / rows.length;
  const left = (k: number) => lead + k * column;
  const parts: string[] = [];
  let y = 14;
  rows.forEach(({ label }, k) => {
    parts.push(words(label, left(k) + column / 2, y, { size: 12, weight: 650, ink: 'var(--ink)' }));
  });
  parts.push(words(x.symbol, lead / 2, y, { size: 13, weight: 600 }));
  y += 8;
  x.values.forEach((value, i) => {
    for (const { label } of bands.filter(({ from }) => from === i)) {
      parts.push(words(label, lead, y + 16, { size: 12, anchor: 'start' }));
      y += 24;
    }
    parts.push(words(value, lead / 2, y + tile / 2 + 5, { size: 13, weight: 600, ink: 'var(--ink)' }));
    rows.forEach(({ cells }, k) => {
      const cell = cells[i];
      parts.push(ground(cell, left(k) + gap / 2, y, column - gap, tile));
      if (!cell) return;
      const said = column < WORD_NEEDS ? [cell.sign, cell.note] : [cell.sign, cell.word, cell.note];
      const place = { size: 12, ink: TONES[cell.tone][2], weight: 600 };
      parts.push(words(said.join(' '), left(k) + column / 2, y + tile / 2 + 4, place));
    });
    y += tile + gap;
  });
  return svg(width, y + 4, 'narrow', parts, text);
}

function ground(cell: LadderCell | null, x: number, y: number, width: number, height: number): string {
  const [fill, edge] = cell ? TONES[cell.tone] : ['none', 'var(--rule)'];
  const dash = cell ? '' : ' stroke-dasharray="3 3"';
  return `<rect x="${round(x)}" y="${y}" width="${round(width)}" height="${height}" rx="4" fill="${fill}" stroke="${edge}"${dash} stroke-width="1.5"/>`;
}

interface Lettering {
  readonly size: number;
  readonly anchor?: 'start' | 'middle';
  readonly weight?: number;
  readonly ink?: string;
}

function words(
  text: string,
  x: number,
  y: number,
  { size, anchor = 'middle', weight = 400, ink = 'currentColor' }: Lettering,
): string {
  return `<text x="${round(x)}" y="${round(y)}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" fill="${ink}">${escapeHtml(text)}</text>`;
}

function svg(
  width: number,
  height: number,
  className: string,
  parts: readonly string[],
  text: Omit<SvgText, 'className'>,
): string {
  const named = `role="img" aria-label="${escapeHtml(text.label)}" aria-describedby="${text.describedBy}"`;
  return `<svg class="${className}" ${named} viewBox="0 0 ${width} ${round(height)}" font-family="inherit">${parts.join('')}</svg>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
