/** The widget of lesson 7, driven. */

import { expect, it } from 'vitest';
import type { LabPage } from '../pages.js';

export default function drive(lab: () => LabPage): void {
  const cell = (percent: number, name: string) =>
    lab().locator(`[data-percentile="${percent}"] [data-fact=${name}]`);
  const told = (words: string) => lab().locator('.plane .summary', { hasText: words }).waitFor();
  const percent = async () => (await lab().settings()).percent;

  it('clips a tenth of what was measured at the 90th percentile, and halves next to nothing at the median', async () => {
    await lab().show('#l=7');
    await told('it would clip 10 % and halve 0 %');
    await cell(99, 'after').filter({ hasText: '%' }).waitFor();
    expect([await cell(50, 'rate').innerText(), await cell(50, 'halved').innerText()]).toEqual([
      '50 %',
      '0.33 %',
    ]);
    const after = Number.parseFloat(await cell(90, 'after').innerText());
    expect(after).toBeGreaterThan(3);
    expect(after).toBeLessThan(20);
  });

  it('is moved by keys from percentile to percentile, however far apart their norms are', async () => {
    await lab().show('#l=7&task=outliers');
    const ring = lab().locator('[data-handle=threshold]');
    await ring.press('ArrowLeft');
    expect(await percent()).toBe('89');
    await ring.press('Shift+ArrowRight');
    expect(await percent()).toBe('99');
    await ring.press('ArrowUp');
    await ring.press('ArrowUp');
    expect(await percent()).toBe('100');
    await told('it would clip 0 %');
  });

  it('is moved by a pointer', async () => {
    await lab().show('#l=7&percent=95');
    await lab().locator('[data-handle=threshold]').hover();
    const frame = (await lab().locator('.plane .frame').boundingBox())!;
    const { mouse } = lab().page;
    await mouse.down();
    await mouse.move(frame.x + 0.6 * frame.width, frame.y + 20);
    await mouse.move(frame.x + 0.25 * frame.width, frame.y + 20);
    await mouse.up();
    // A quarter of the largest norm: below nearly all.
    expect(Number(await percent())).toBeLessThan(10);
    await told('it would clip 9');
  });

  it('shows a threshold of the past idle where norms fall', async () => {
    await lab().show('#l=7&task=spirals');
    await told('it would clip 10 % and halve 0.33 %');
    await cell(90, 'after').filter({ hasText: '0.67 %' }).waitFor();
  });
}
