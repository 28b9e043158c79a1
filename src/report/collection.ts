/**
 * The page of many small results: contents, and a card each with its verdict, chart and numbers. It stands beside the
 * page of a comparison of runs, whose frame it shares.
 */
import { renderFigure } from './figure.js';
import { escapeHtml, escapeProse } from './format.js';
import { commandBlock, commandLine, documentOf, verdictSection } from './frame.js';
import type { Card, CollectionPage } from './types.js';

/** One self-contained HTML document: no script, nothing fetched, light and dark, phone to paper. */
export function renderCollection(page: CollectionPage): string {
  const cards = page.parts.flatMap((part) => part.cards);
  const contents = page.parts.map(
    ({ heading, cards: own }) =>
      `<li>${escapeHtml(heading)}<ol>${own.map((card) => contentsLine(card)).join('')}</ol></li>`,
  );
  const parts = page.parts.map(
    ({ heading, cards: own }) =>
      `<section><h2>${escapeHtml(heading)}</h2>\n${own.map(renderCard).join('\n')}</section>`,
  );
  const body = [
    verdictSection('Verdict', page.verdict),
    cards.length > 1
      ? `<nav class="contents" aria-labelledby="contents"><h2 id="contents">Contents</h2><ol>${contents.join('\n')}</ol></nav>`
      : '',
    ...parts,
    `<section class="again" aria-labelledby="again"><h2 id="again">Run it again</h2><p>${escapeProse(page.again ?? 'The same seeds give the same numbers.')}</p>\n${commandBlock(page.commands)}</section>`,
  ];
  return documentOf(page, body);
}

function contentsLine({ id, name, title, status, tone }: Card): string {
  return `<li><a href="#${id}">${escapeHtml(name)}</a> <span>${escapeProse(title)}</span> <span class="${tone}">${escapeHtml(status)}</span></li>`;
}

function renderCard({ id, name, title, status, tone, paragraphs, facts, figure, command }: Card): string {
  const rows = facts.map(
    ({ label, value, rule, met }) =>
      `<tr><th scope="row">${escapeHtml(label)}</th><td>${escapeHtml(value)}</td><td>${escapeHtml(rule)}</td><td class="${met ? 'ok' : 'bad'}">${met ? '✓ met' : '✗ not met'}</td></tr>`,
  );
  const table =
    rows.length === 0
      ? ''
      : `<div class="scroll" tabindex="0" role="region" aria-label="Criteria: ${escapeHtml(name)}"><table><thead><tr><td></td><th scope="col">measured</th><th scope="col">must be</th><th scope="col">criterion</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
  return `<article class="card" id="${id}" aria-labelledby="${id}-title">
<h3 id="${id}-title">${escapeHtml(name)}</h3>
<blockquote><p>${escapeProse(title)}</p></blockquote>
<p class="status ${tone}">${escapeHtml(status)}</p>
${paragraphs.map((text) => `<p>${escapeProse(text)}</p>`).join('\n')}
${figure ? renderFigure(figure, `${id}-figure`) : ''}
${table}
${command ? commandLine(command) : ''}
</article>`;
}
