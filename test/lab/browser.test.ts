/**
 * The lab in headless Chromium: the one file from a disk and the folder under a path of a server, one browser for all.
 * Without Chromium the tests are skipped, but fail where CI is true.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeLab } from '../../scripts/build-lab.mjs';
import { launch, missing } from '../browser/chromium.js';
import { found } from './in-node.js';

const skipped = missing !== null && process.env.CI !== 'true';
if (skipped) console.warn(`test/lab: skipped, ${missing}`);

vi.setConfig({ testTimeout: 120_000 });

const files = await makeLab();
const lessons = found.filter(({ number }) => number < 99);

describe('what is built', () => {
  const size = (name: RegExp): number =>
    [...files]
      .filter(([file]) => name.test(file))
      .reduce((sum, [, contents]) => sum + gzipSync(contents).length / 1000, 0);

  it('is small: one file under 800 kB, shell and a lesson under 60 kB, engine under 110 kB gzipped', () => {
    expect(files.get('lab.html')!.length).toBeLessThan(800_000);
    expect(size(/shell\.js|index\.html/)).toBeLessThan(45);
  });
});

describe.skipIf(skipped)('in Chromium', () => {
  let browser: Browser;
  const folder = mkdtempSync(join(tmpdir(), 'tamegrad-lab-'));
  const address = pathToFileURL(join(folder, 'lab.html')).href;

  beforeAll(async () => {
    writeFileSync(join(folder, 'lab.html'), files.get('lab.html')!);
    browser = await launch();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens the file; what it said on the console, what it asked of a network. */
  async function open(hash: string): Promise<{ page: Page; complaints: string[] }> {
    const page = await browser.newPage();
    page.setDefaultTimeout(60_000);
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(address))
        complaints.push(request.url());
    });
    await page.goto(`${address}${hash}`);
    return { page, complaints };
  }

  it.each(lessons.map(({ number, text }) => [number, text.title] as const))(
    'opens lesson %i from the file, with heading, widget, exercise and questions, in silence',
    async (number, title) => {
      const { page, complaints } = await open(`#l=${number}`);
      await page.locator('h1').filter({ hasText: title }).waitFor();
      await page.locator('.stage-card svg, .stage-card canvas').first().waitFor();
      expect(await page.locator('lab-exercise textarea').count()).toBe(1);
      expect(await page.locator('lab-quiz form').count()).toBe(3);
      expect(complaints).toEqual([]);
      await page.close();
    },
  );

  it('grades code in the sandbox, and ends what does not end', async () => {
    const { page } = await open('#l=4');
    const code = page.locator('lab-exercise textarea');
    await page.locator('[data-act=plain]').check();
    const check = async (source: string): Promise<string> => {
      await code.fill(source);
      await page.locator('[data-act=check]').click();
      await page.locator('[data-act=check]:not([disabled])').waitFor();
      return page.locator('.grade').innerText();
    };
    expect(await check('while (true);')).toMatch(/did not finish within 2 s/);
    expect(await check('export const threshold: number = ;')).toMatch(/not TypeScript yet/);
    const { reference } = (await import('../../lab/lessons/04-cliff/exercise.js')).default;
    expect(await check(reference)).toMatch(/All of it is right/);
    await page.close();
  });
});
