/** The widget of lesson 1, driven. */

import { expect, it } from 'vitest';
import type { LabPage } from '../pages.js';

export default function drive(lab: () => LabPage): void {
  const node = async (name: string) => {
    const found = lab().locator(`[data-node=${name}]`);
    return [await found.getAttribute('data-value'), await found.getAttribute('data-gradient')];
  };
  const standsAt = (step: number) =>
    lab()
      .locator('.position output', { hasText: `${step}` })
      .waitFor();
  const hasValue = (name: string) => lab().locator(`[data-node=${name}]:not([data-value=""])`).waitFor();

  it('goes forward and back by keys, one operation a key, and shows where a gradient is a sum', async () => {
    await lab().show('#l=1');
    await hasValue('x');
    expect([await node('x'), await node('v1')]).toEqual([
      ['2', ''],
      ['', ''],
    ]);
    const frame = lab().locator('.graph-frame');
    for (let k = 1; k <= 4; k++) await frame.press('ArrowRight');
    await standsAt(4);
    expect([await node('s'), await node('L')]).toEqual([
      ['−0.5', ''],
      ['0.2311', ''],
    ]);
    await frame.press('ArrowRight');
    expect(await node('L')).toEqual(['0.2311', '1']);
    await frame.press('ArrowRight');
    expect(await node('s')).toEqual(['−0.5', '−0.4621']);
    expect(await lab().locator('[data-total=s]').innerText()).toContain('part 1 of 2');
    await frame.press(' ');
    expect(await node('s')).toEqual(['−0.5', '−0.8553']);
    expect(await lab().locator('[data-total=s]').innerText()).toMatch(/−0.4621 \+ \(−0.3932\) = −0.8553/);
    await lab().says('s gets −0.3932 more, part 2 of 2, together −0.8553');
    await frame.press('End');
    for (const [name, gradient] of [
      ['x', '0.8553'],
      ['y', '−1.711'],
      ['z', '−0.8553'],
    ])
      expect([await lab().fact(`gradient-${name}`), await lab().fact(`slope-${name}`)]).toEqual([
        gradient,
        gradient,
      ]);
    await frame.press('ArrowLeft');
    expect((await lab().settings()).k).toBe('8');
    await frame.press('Home');
    expect((await lab().settings()).k).toBe('0');
  });

  it('goes by clicks: on buttons, on nodes, on a slider of a value, to another expression', async () => {
    await lab().show('#l=1&f=x*x&at=x=3&k=0');
    await hasValue('x');
    for (let k = 0; k < 3; k++) await lab().locator('[data-act=next]').click();
    expect(await node('x')).toEqual(['3', '6']);
    expect(await lab().locator('[data-act=next]').isDisabled()).toBe(true);
    await lab().type('x', 5);
    await lab().locator('[data-node=x][data-gradient="10"]').waitFor();
    await lab().locator('[data-act=back]').click();
    await lab().locator('[data-node=L]').click();
    await standsAt(3);
    await lab().locator('[data-act=example]').selectOption({ label: 'a neuron and its error' });
    await hasValue('w');
    await lab().locator('#c-f').fill('a = w*x; a^3 + relu(a)');
    await lab().locator('#c-f').press('Enter');
    await lab().locator('[data-node=a]').waitFor();
    await lab().locator('[data-act=seek]').fill('9');
    await lab()
      .eventually(() => lab().fact('gradient-w'))
      .toBe('1.75');
    await lab().locator('#c-f').fill('w * (x');
    await lab().locator('#c-f').press('Enter');
    expect(
      await lab()
        .locator('#c-f')
        .evaluate((field: HTMLInputElement) => field.validationMessage),
    ).toBe('Expression has no ) for the ( at character 5');
    expect((await lab().settings()).f).toBe('a = w*x; a^3 + relu(a)');
  });
}
