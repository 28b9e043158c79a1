/** The widget of lesson 8, driven in a browser. */

import { expect, it } from 'vitest';
import type { LabPage } from '../pages.js';

export default function drive(open: () => LabPage): void {
  it('lets x settle at c/9, and in the mirrored case at the best, by keys and by pointer', async () => {
    const lab = open();
    const { page } = lab;
    await lab.show('#l=8');
    const summary = page.locator('.plane .summary');
    const fact = (name: string) => lab.fact(name);
    const link = () => lab.settings();
    const told = (words: string) => summary.filter({ hasText: words }).waitFor();

    await told('x settles at 0.111, 0.889 away from the best, 1. There 10 % of the examples are clipped.');
    expect([await fact('whole-sum'), await fact('cut-sum')]).toEqual(['balance', '8 to the left']);
    const ring = page.locator('[data-handle=x]');
    await ring.press('Shift+ArrowLeft');
    await page.locator('[data-fact=cut-left]', { hasText: '8.1' }).waitFor();
    expect((await link()).x).toBe('0.9');

    await page.locator('[data-act=go]').press('Enter');
    await page.locator('[data-fact=cut-sum]', { hasText: 'balance' }).waitFor();
    expect(Number((await link()).x)).toBeCloseTo(1 / 9, 9);

    await page.locator('input[name=c]').fill('3');
    await page.locator('input[name=c]').press('Enter');
    await told('x settles at 0.333, 0.667 away');

    // The far target to 5, held by the pointer: the best is then a half, and x settles where it did.
    await page.locator('[data-handle=target]').hover();
    const frame = (await page.locator('.plane .frame').boundingBox())!;
    const across = (x: number) => frame.x + ((x + 2.5) / 15.5) * frame.width;
    await page.mouse.down();
    await page.mouse.move(across(8), frame.y + 20);
    await page.mouse.move(across(5), frame.y + 20);
    await page.mouse.up();
    const target = Number((await link()).target);
    expect(target).toBeCloseTo(5, 0);
    await told('x settles at 0.333, 0.1');

    await page.locator('input[value=mean]').check();
    await told('which is the best. There 0 % of the examples are clipped.');
    await page.locator('input[value=each]').check();
    await page.locator('input[name=c]').fill('1');
    await page.locator('input[name=c]').press('Enter');
    await page.locator('input[value=symmetric]').check();
    await told('x settles at 0, which is the best. There 80 % of the examples are clipped.');
  });
}
