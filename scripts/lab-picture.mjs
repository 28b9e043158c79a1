/** Draws docs/lab.png, the lab's picture in README: `node scripts/lab-picture.mjs`. Needs Chromium, or $CHROMIUM_PATH. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { makeLab } from './build-lab.mjs';

/** The cliff, a while after the leap: one descent is off the map, the other walks along the wall. */
const SHOWN = '#l=4&t=400';
const SIZE = { width: 1000, height: 940 };

const folder = mkdtempSync(join(tmpdir(), 'tamegrad-lab-'));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
});
try {
  const file = join(folder, 'lab.html');
  writeFileSync(file, (await makeLab()).get('lab.html'));
  const page = await browser.newPage({ viewport: SIZE, colorScheme: 'light', deviceScaleFactor: 1.25 });
  await page.goto(`${pathToFileURL(file).href}${SHOWN}`);
  await page.locator('.plane .summary', { hasText: /Clipped: after 400 steps/ }).waitFor();
  await page.locator('.plane image').waitFor({ state: 'attached' });
  await page.screenshot({ path: fileURLToPath(new URL('../docs/lab.png', import.meta.url)) });
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
