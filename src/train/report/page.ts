/** The report page: a document put together from its parts, all text escaped on the way in. */
import { comparisonFigures, ending } from './comparison.js';
import { renderFigure } from './figure.js';
import { escapeHtml, escapeProse, formatNumber } from './format.js';
import { STYLE } from './style.js';
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
    verdict(page.verdict),
    runsTable(page.runs),
    ...extra('before'),
    comparison(comparisonFigures(page.runs, page.lossUnit), nextId),
    ...extra('after'),
    settings(page),
  ];
  return `${head(page)}
<body>
<a class="skip" href="#content">Skip to the verdict</a>
<header>
<p class="eyebrow">tamegrad · gradients, tamed</p>
<h1>${escapeHtml(page.title)}</h1>
<p class="lead">${escapeProse(page.lead)}</p>
</header>
<main id="content">
${body.join('\n')}
</main>
<footer><p>Written by tamegrad. This page is one file: it loads nothing and runs no script.</p></footer>
</body>
</html>
`;
}

function head(page: ReportPage): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(page.title)}</title>
<meta name="description" content="${escapeHtml(page.verdict)}">
<style>${STYLE}</style>
</head>`;
}

function verdict(text: string): string {
  return `<section class="verdict" aria-labelledby="verdict"><h2 id="verdict">Verdict</h2><p>${escapeProse(text)}</p></section>`;
}

function outcome(run: RunView): string {
  if (run.divergence) return `<span class="bad">✗ ${escapeHtml(ending(run) ?? '')}</span>`;
  const steps = run.records.length;
  const words = steps === 1 ? '1 step' : `${steps} steps`;
  return steps === 0 ? '<span>no steps</span>' : `<span class="ok">✓ ${words}, all finite</span>`;
}

/** What went first where a run diverged: `gradient of rnn.weightHh`. */
function wentFirst(run: RunView): string {
  if (!run.divergence) return '–';
  const { what, names, largest } = run.divergence;
  const shown = names.slice(0, 2).join(', ');
  const more = names.length > 2 ? ` and ${names.length - 2} more` : '';
  if (names.length > 0) return `${what} of ${shown}${more}`;
  return largest === '' ? what : `${what}; largest gradient: ${largest}`;
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
  if (runs.some((run) => run.divergence)) rows.unshift(row('first not finite', runs.map(wentFirst)));
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

/** Words that break between each other only: a break after the hyphens of a flag would be copied wrong. */
function commandWords(command: string): string {
  return command
    .split(/( +)/)
    .map((part) => (part.trim() === '' ? part : `<span>${escapeHtml(part)}</span>`))
    .join('');
}

function settings(page: ReportPage): string {
  const rows = Object.entries(page.settings).map(([name, value]) => {
    const shown = typeof value === 'number' ? formatNumber(value, 6) : value;
    return `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(shown)}</dd></div>`;
  });
  const list = rows.length > 0 ? `<dl>${rows.join('')}</dl>` : '';
  return `<section aria-labelledby="settings"><h2 id="settings">Settings</h2>${list}</section>
<section aria-labelledby="again"><h2 id="again">Run it again</h2><p>The same seed gives the same numbers.</p>
<pre tabindex="0"><code>${commandWords(page.command)}</code></pre></section>`;
}
