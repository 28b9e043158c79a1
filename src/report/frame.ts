/** The frame of every page: head, header, verdict, commands, footer. Separate because two kinds of pages use it. */
import { escapeHtml, escapeProse } from './format.js';
import { STYLE } from './style.js';

/** What every page begins with. */
export interface PageText {
  readonly title: string;
  readonly lead: string;
  readonly verdict: string;
}

/** A whole document around the parts of its body; empty parts are left out. */
export function documentOf(page: PageText, body: readonly string[]): string {
  return `${head(page)}
<body>
<a class="skip" href="#content">Skip to the verdict</a>
<header>
<p class="eyebrow">tamegrad · gradients, tamed</p>
<h1>${escapeHtml(page.title)}</h1>
<p class="lead">${escapeProse(page.lead)}</p>
</header>
<main id="content">
${body.filter(Boolean).join('\n')}
</main>
<footer><p>Written by tamegrad. This page is one file: it loads nothing and runs no script.</p></footer>
</body>
</html>
`;
}

function head(page: PageText): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(page.title)}</title>
<meta name="description" content="${escapeHtml(page.verdict.replaceAll('`', ''))}">
<style>${STYLE}</style>
</head>`;
}

/** The sentence that comes before everything else. */
export function verdictSection(heading: string, text: string): string {
  return `<section class="verdict" aria-labelledby="verdict"><h2 id="verdict">${heading}</h2><p>${escapeProse(text)}</p></section>`;
}

/** Command lines, each under where it works. */
export function commandBlock(commands: Readonly<Record<string, string>>): string {
  return Object.entries(commands)
    .map(([where, command]) => `<p class="where">${escapeHtml(where)}</p>\n${commandLine(command)}`)
    .join('\n');
}

/** A command line to copy. */
export function commandLine(command: string): string {
  return `<pre tabindex="0"><code>${commandWords(command)}</code></pre>`;
}

/** Words that break between each other only: a break after the hyphens of a flag would be copied wrong. */
function commandWords(command: string): string {
  return command
    .split(/( +)/)
    .map((part) => (part.trim() === '' ? part : `<span>${escapeHtml(part)}</span>`))
    .join('');
}
