/** The widget of lesson 7, driven in a browser. */

import { expect, it } from 'vitest';
import { parseLink } from '../../../lab/core/link.js';
import type { LabPages } from '../pages.js';

/** Tests of the widget, by keyboard and by pointer. */
export function driveThreshold(lab: LabPages): void {
  it('clips a tenth of what was measured at the 90th percentile, and tells of the steps after', async () => {
    const { page, complaints } = await lab.open('#l=7');
    const cell = (percent: number, name: string) =>
      page.locator(`[data-percentile="${percent}"] [data-fact=${name}]`);
    const told = (words: string) => page.locator('.plane .summary', { hasText: words }).waitFor();
    const percent = async () => parseLink(await page.evaluate(() => location.hash)).rest.get('percent');

    await told('it would clip 10 % and halve 0 %');
    await cell(99, 'after').filter({ hasText: '%' }).waitFor();
    expect([await cell(50, 'rate').innerText(), await cell(50, 'halved').innerText()]).toEqual([
      '50 %',
      '0.33 %',
    ]);
    const after = Number.parseFloat(await cell(90, 'after').innerText());
    expect(after).toBeGreaterThan(3);
    expect(after).toBeLessThan(20);

    // By keys from percentile to percentile, however far apart their norms are.
    const ring = page.locator('[data-handle=threshold]');
    await ring.press('ArrowLeft');
    expect(await percent()).toBe('89');
    await ring.press('Shift+ArrowRight');
    expect(await percent()).toBe('99');
    await ring.press('ArrowUp');
    await ring.press('ArrowUp');
    expect(await percent()).toBe('100');
    await told('it would clip 0 %');

    // By a pointer to a quarter of the largest norm: below all but a few.
    await ring.hover();
    const frame = (await page.locator('.plane .frame').boundingBox())!;
    await page.mouse.down();
    await page.mouse.move(frame.x + 0.6 * frame.width, frame.y + 20);
    await page.mouse.move(frame.x + 0.25 * frame.width, frame.y + 20);
    await page.mouse.up();
    expect(Number(await percent())).toBeLessThan(10);
    await told('it would clip 9');

    // The norms fall: a threshold of the past is idle.
    await page.locator('input[name=percent]').fill('90');
    await page.locator('input[name=percent]').press('Enter');
    await page.locator('input[value=spirals]').check();
    await told('it would clip 10 % and halve 0.33 %');
    await cell(90, 'after').filter({ hasText: '0.67 %' }).waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });
}
