/** What axe-core finds on a page. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Axe {
  run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
}

/** Each rule that the page breaks as it looks now, with the first place; `options` are axe's own. */
export async function violations(page: Page, options: object = {}): Promise<readonly string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(source);
  return page.evaluate(async (options) => {
    // What was just resized or recoloured is drawn first.
    for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame);
    const { axe } = globalThis as never as { axe: Axe };
    const { violations } = await axe.run({ resultTypes: ['violations'], ...options });
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
  }, options);
}
