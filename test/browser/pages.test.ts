/**
 * Every kind of page that the command line writes, opened from the disk in headless Chromium: it is silent, asks for
 * nothing, fits a phone, and axe finds nothing in it, light or dark. Without Chromium skipped, but fails where CI is true.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundled, bundleCommandLine } from '../cli/bundled.js';
import { violations } from './axe.js';
import { launch, missing } from './chromium.js';

const skipped = missing !== null && process.env.CI !== 'true';
if (skipped) console.warn(`test/browser/pages: skipped, ${missing}`);

/** What writes each page: `tamegrad …`, with `--report` added. */
const pages = [
  ['the ladder', 'demo spectrum --steps 3 --seeds 1 --rho 0.9,1,1.1'],
  ['a comparison', 'demo latch --steps 20'],
  ['a surface', 'demo cliff --steps 20'],
  ['pictures', 'demo digits --steps 3'],
  ['samples of text', 'demo sonnets --steps 2'],
  ['experiments', 'experiment 1 9'],
  ['a sweep', 'sweep demo latch --steps 2 --seeds 1 --clip none --clip norm:1 --lr 0.1 --out rows.jsonl'],
  ['advice', 'advise log.csv'],
] as const;

/** A run whose gradient norm has spikes. */
const log = `step,loss,grad_norm\n${Array.from({ length: 120 }, (_, i) => `${i},${2 / (1 + i / 20)},${i % 40 === 30 ? 40 : 1 + (i % 7) / 10}`).join('\n')}\n`;

describe.skipIf(skipped)('a page', () => {
  let cli: Bundled;
  let browser: Browser;
  beforeAll(async () => {
    [cli, browser] = await Promise.all([bundleCommandLine(), launch()]);
    writeFileSync(join(cli.folder, 'log.csv'), log);
  });
  afterAll(async () => {
    await browser?.close();
    cli?.remove();
  });

  it.each(pages)('of %s is silent, fits, and has nothing that axe finds', async (name, words) => {
    const file = `${name.replaceAll(' ', '-')}.html`;
    const { code, err } = await cli.run(...words.split(' '), '--report', file);
    expect(code, err).toBe(0);
    const page = await browser.newPage({ viewport: { width: 1100, height: 800 } });
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().endsWith(file)) complaints.push(`asked for ${request.url()}`);
    });
    await page.goto(pathToFileURL(join(cli.folder, file)).href);
    expect(await violations(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.setViewportSize({ width: 360, height: 800 });
    // What does not depend on colours was seen in the light.
    const ofColours = { runOnly: ['color-contrast', 'scrollable-region-focusable', 'target-size'] };
    expect(await violations(page, ofColours)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    // On paper: dark words on white, whatever the screen is.
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    const [ink, paper] = await page.evaluate(() => {
      const { color, backgroundColor } = getComputedStyle(document.body);
      return [color, backgroundColor].map((text) => text.match(/\d+/g)!.slice(0, 3).map(Number));
    });
    expect(Math.max(...ink), 'ink').toBeLessThan(100);
    expect(Math.min(...paper), 'paper').toBeGreaterThanOrEqual(240);
    expect(complaints).toEqual([]);
    await page.close();
  });
});
