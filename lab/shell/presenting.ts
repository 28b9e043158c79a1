/** Presenter mode: keys that go on and back, and what is hidden, by name. */

import { html, type TemplateResult } from 'lit';

/** Parts of a page that can be hidden besides the controls of its widget, and what they are called. */
export const PARTS: Readonly<Record<string, string>> = {
  transport: 'play and pause',
  link: 'link',
  try: 'try this',
  text: 'explanation',
  code: 'exercise',
  quiz: 'questions',
};

/** 1 for on, -1 for back, 0 for a key that means something else where it was pressed. */
export function turnOf(event: KeyboardEvent): 1 | -1 | 0 {
  if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return 0;
  if (event.key === 'PageDown') return 1;
  if (event.key === 'PageUp') return -1;
  const [target] = event.composedPath();
  const writes =
    target instanceof Element && target.closest('input, select, textarea, [role=slider], .cm-editor');
  if (writes) return 0;
  return event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
}

/** Boxes to tick: what the audience sees. */
export function hidePanel(
  controls: Readonly<Record<string, string>>,
  hidden: ReadonlySet<string>,
  toggle: (name: string) => void,
): TemplateResult {
  const names = Object.entries({ ...controls, ...PARTS });
  return html`<details class="hide-panel"><summary>What is shown</summary>
    <p class="options">${names.map(
      ([name, words]) =>
        html`<label><input type="checkbox" data-hide=${name} .checked=${!hidden.has(name)} @change=${() => toggle(name)} /> <span>${words}</span></label>`,
    )}</p>
    <p class="quiet">The address says the same: hide=${[...hidden].join(',') || 'nothing'}. Page Down and Page Up, or the arrows, go on and back.</p>
  </details>`;
}
