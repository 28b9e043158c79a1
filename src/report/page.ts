/** The report page: a document put together from its parts, all text escaped on the way in. */
import type { Divergence } from '../train/record.js';
import { comparisonFigures, ending } from './comparison.js';
import { renderFigure } from './figure.js';
import { escapeHtml, escapeProse, formatNumber } from './format.js';
import { commandBlock, documentOf, verdictSection } from './frame.js';
import type { Figure, ReportPage, RunView, Section } from './types.js';

/**
 * One self-contained HTML document: no script, nothing fetched, light and dark, phone to paper. Runs without
 * records, of one step, or without a finite number are shown as what they are.
 */
export function renderReport(page: ReportPage): string {
  let count = 0;
  const nextId = () => {
    count += 1;
    return `fig-${count}`;
  };
  const section = (part: Section) => renderSection(part, nextId);
  const extra = (place: 'before' | 'after') =>
    page.sections.filter((part) => (part.place ?? 'after') === place).map(section);
  const body = [
    notice(page.notice),
    verdictSection(page.notice ? 'So far' : 'Verdict', page.verdict),
    runsTable(page.runs),
    ...extra('before'),
    page.runs.length > 0 || page.sections.length === 0
      ? comparison(comparisonFigures(page.runs, page.lossUnit), nextId)
      : '',
    ...extra('after'),
    settings(page),
  ];
  return documentOf(page, body);
}

function notice(text: string | undefined): string {
  return text ? `<p class="notice" role="note">${escapeProse(text)}</p>` : '';
}

function outcome(run: RunView): string {
  if (run.divergence) return `<span class="bad">✗ ${escapeHtml(ending(run) ?? '')}</span>`;
  const steps = run.records.length;
  const words = steps === 1 ? '1 step' : `${steps} steps`;
  if (steps === 0) return '<span class="plain">no steps</span>';
  return run.succeeded
    ? `<span class="ok">✓ ${words}, finite</span>`
    : `<span class="plain">${words}, finite</span>`;
}

/** What a run that diverged lost first, and which gradients with it; rows that say nothing are left out. */
function divergenceRows(runs: readonly RunView[]): readonly (readonly [string, readonly string[]])[] {
  if (!runs.some((run) => run.divergence)) return [];
  const cells = (cell: (divergence: Divergence) => string) =>
    runs.map((run) => (run.divergence ? cell(run.divergence) || '–' : '–'));
  const rows: [string, readonly string[]][] = [
    [
      'first not finite',
      cells(({ what, names }) => (what === 'parameter' ? `value of ${listNames(names)}` : what)),
    ],
    ['non-finite gradients', cells(({ what, names }) => (what === 'parameter' ? '' : listNames(names)))],
    ['largest gradient, still finite', cells(({ names, largest }) => (names.length > 0 ? '' : largest))],
  ];
  return rows.filter(([, row]) => row.some((cell) => cell !== '–'));
}

function listNames(names: readonly string[]): string {
  return `${names.slice(0, 2).join(', ')}${names.length > 2 ? ` and ${names.length - 2} more` : ''}`;
}

function runsTable(runs: readonly RunView[]): string {
  if (runs.length === 0) return '';
  const facts = [...new Set(runs.flatMap((run) => Object.keys(run.facts)))];
  const columns = runs.map((run) => `<th scope="col">${escapeHtml(run.label)}${outcome(run)}</th>`);
  const row = (label: string, cells: readonly string[]) =>
    `<tr><th scope="row">${escapeHtml(label)}</th>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
  const rows = facts.map((fact) => {
    const cells = runs.map((run) => run.facts[fact] ?? '–');
    return row(
      fact,
      cells.map((cell) => (typeof cell === 'number' ? formatNumber(cell) : cell)),
    );
  });
  rows.unshift(...divergenceRows(runs).map(([label, cells]) => row(label, cells)));
  return `<section class="runs" aria-labelledby="runs"><h2 id="runs">The runs side by side</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Table of the runs"><table>
<thead><tr><td></td>${columns.join('')}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div></section>`;
}

function renderSection(part: Section, nextId: () => string): string {
  const paragraphs = part.paragraphs.map((text) => `<p>${escapeProse(text)}</p>`);
  const figures = part.figures.map((figure) => renderFigure(figure, nextId()));
  return `<section><h2>${escapeHtml(part.heading)}</h2>\n${[...paragraphs, ...figures].join('\n')}</section>`;
}

function comparison(figures: readonly Figure[], nextId: () => string): string {
  if (figures.length === 0) return '<section><h2>How it went</h2><p>No step was recorded.</p></section>';
  return `<section><h2>How it went</h2>\n${figures.map((figure) => renderFigure(figure, nextId())).join('\n')}</section>`;
}

function settings(page: ReportPage): string {
  const rows = Object.entries(page.settings).map(([name, value]) => {
    const shown = typeof value === 'number' ? formatNumber(value, 6) : value;
    return `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(shown)}</dd></div>`;
  });
  const list = rows.length > 0 ? `<dl>${rows.join('')}</dl>` : '';
  return `<section class="settings" aria-labelledby="settings"><h2 id="settings">Settings</h2>${list}</section>
<section class="again" aria-labelledby="again"><h2 id="again">Run it again</h2><p>The same seed gives the same numbers.</p>
${commandBlock(page.commands)}</section>`;
}
