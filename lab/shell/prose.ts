/** Sentences with `code` in them. */

import { html, type TemplateResult } from 'lit';

/** Text in which words between backticks are set as code. */
export function prose(text: string): TemplateResult {
  return html`${text.split('`').map((part, k) => (k % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}
