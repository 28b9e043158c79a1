/** The widget of lesson 6, driven in a browser, and the links between it and the terminal. */

import { expect, it } from 'vitest';
import { parseLink } from '../../../lab/core/link.js';
import { inProcess } from '../../cli/in-process.js';
import type { LabPages } from '../pages.js';

/** Tests of the widget, by keyboard and by pointer, and of its links. */
export function driveExplosion(lab: LabPages): void {
  it('plays a run that explodes beside one that does not, and dissects it', async () => {
    const { page, complaints } = await lab.open('#l=6');
    const cell = (run: string, name: string) => page.locator(`[data-run=${run}][data-fact=${name}]`);
    const become = (run: string, words: string) => cell(run, 'fate').filter({ hasText: words }).waitFor();

    await page.locator('[data-act=pace]').selectOption({ label: 'as fast as it goes' });
    await page.locator('[data-act=play]').press('Enter');
    await become('clipped', 'remembers the sign');
    await become('none', 'not finite at step 29');
    expect(await cell('none', 'step').innerText()).toBe('30');
    const autopsy = page.locator('[data-autopsy=none]');
    const named = (name: string) => autopsy.locator(`[data-fact=${name}]`).innerText();
    await autopsy.waitFor();
    expect([await named('op'), await named('died'), await named('first'), await named('largest')]).toEqual([
      'squaredError',
      '29',
      'rnn.weightHh',
      'head.weight',
    ]);
    expect(await autopsy.innerText()).toMatch(/out came Infinity\..*Every unit is saturated/s);
    await page.locator('#norms .summary', { hasText: 'rnn.weightHh 0, ' }).waitFor();

    await page.locator('[data-act=play]', { hasText: 'Play again' }).waitFor();
    expect(await cell('clipped', 'rate').innerText()).toBe('7.3 %');
    expect(await cell('clipped', 'lost').innerText()).toBe('66 %');

    // A threshold that keeps alive and teaches nothing.
    await page.locator('input[name=c]').fill('100');
    await page.locator('input[name=c]').press('Enter');
    await become('clipped', 'at its start');
    await page.locator('[data-act=play]').click();
    await become('clipped', 'finite, worse than guessing');
    await page.locator('input[value=clipped]').check();
    await page.locator('#norms .summary', { hasText: 'clipped at 100: rnn.weightIh' }).waitFor();
    expect(parseLink(await page.evaluate(() => location.hash)).rest.get('c')).toBe('100');
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('opens links of `tamegrad demo latch` with the same bits, and gives links whose bits are the terminal’s', async () => {
    const { out } = await inProcess(['demo', 'latch', '--steps', '60', '--link', '--quiet']);
    const links = out.match(/#l=6\S+/g)!;
    expect(links).toHaveLength(2);
    for (const [link, step] of [
      [links[0], 30],
      [links[1], 60],
    ] as const) {
      const { page } = await lab.open(link);
      expect(await page.locator('[data-compared]').innerText()).toMatch(
        new RegExp(`^Step ${step}: same bits as the sender's`),
      );
      await page.close();
    }
    const { page } = await lab.open('#l=6&seed=3&rho=1.1&c=0.5&t=20');
    await expect
      .poll(async () => {
        await page.locator('[data-act=link]').click();
        const { at, digests } = parseLink(await page.evaluate(() => location.hash));
        return [at, digests.length];
      })
      .toEqual([20, 2]);
    const { digests } = parseLink(await page.evaluate(() => location.hash));
    const options = ['--seed', '3', '--rho', '1.1', '--clip', 'none', '--clip', 'norm:0.5', '--steps', '20'];
    const terminal = JSON.parse((await inProcess(['demo', 'latch', ...options, '--json'])).out);
    expect(terminal.runs.map(({ digest }: { digest: string }) => digest.slice(0, 8))).toEqual(digests);
    await page.close();
  });
}
