/** The widget of lesson 9, driven. */

import { expect, it } from 'vitest';
import { RIGHT } from '../../../lab/lessons/09-order/stages.js';
import type { LabPage } from '../pages.js';

export default function drive(lab: () => LabPage): void {
  const block = (stage: string) => lab().locator(`.block[data-stage=${stage}]`);
  const order = async () => (await lab().settings()).order;
  const measured = (name: string) => lab().eventually(() => lab().fact(name));

  it('is put in order by keys; what an order does is measured', async () => {
    await lab().show('#l=9');
    await measured('longest').toMatch(/^1\/64 of c/);
    await lab()
      .eventually(() => lab().fact('loss'))
      .toBe('2489');
    await block('clip').focus();
    await lab().page.keyboard.press('ArrowRight');
    await lab().page.keyboard.press('ArrowRight');
    expect(await order()).toBe('accumulate,average,check,unscale,clip,decay,step');
    await lab().says(/All seven measurements are right/);
    await lab().locator('[data-solved-order]').waitFor();
    expect(await lab().locator('[data-fact=longest]').innerText()).toMatch(/^c/);
    // The focus went along: the next key moves the same block.
    await lab().page.keyboard.press('End');
    expect(await order()).toBe('accumulate,average,check,unscale,decay,step,clip');
    await measured('longest').toMatch(/^5000 times c/);
    await lab().page.keyboard.press('Home');
    await measured('turned').toMatch(/^44.4°/);
    await block('check').press('End');
    await measured('finite').toMatch(/^lost/);
    await lab().says(/The weights stop being finite at update 31\./);
  });

  it('is put in order by a pointer', async () => {
    await lab().show(`#l=9&order=${RIGHT.join()}`);
    await lab().locator('[data-solved-order]').waitFor();
    const middle = async (stage: string) => {
      const { x, y, width, height } = (await block(stage).boundingBox())!;
      return [x + width / 2, y + height / 2] as const;
    };
    const { mouse } = lab().page;
    const target = await middle('clip');
    await mouse.move(...(await middle('decay')));
    await mouse.down();
    await mouse.move(...target, { steps: 4 });
    await mouse.up();
    expect(await order()).toBe('accumulate,average,unscale,check,decay,clip,step');
    await measured('clippedDecay').toMatch(/^0.004 %/);
    expect(await lab().locator('[data-dragged]').count()).toBe(0);
  });

  it('shows that Adam divides a threshold out, and gradient descent does not', async () => {
    await lab().show(`#l=9&order=${RIGHT.join()}&wd=0`);
    const difference = async () => Number(await lab().fact('difference'));
    await lab().eventually(difference).toBeGreaterThan(1);
    await lab().locator('input[value=adam]').check();
    await lab().eventually(difference).toBeLessThan(1e-6);
    await lab().locator('input#c-wd').press('End');
    await lab().eventually(difference).toBeGreaterThan(0.05);
  });

  it('refuses an order that lacks a stage', async () => {
    await lab().show('#l=9&order=clip,step');
    await lab().locator('[data-complaints]', { hasText: 'must have each of accumulate, average' }).waitFor();
  });
}
