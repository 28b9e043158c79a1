/** The widget of lesson 3, driven. */

import { expect, it } from 'vitest';
import type { LabPage } from '../pages.js';

export default function drive(lab: () => LabPage): void {
  const has = (name: string, value: string) =>
    lab()
      .locator(`[data-fact=${name}]`, { hasText: new RegExp(`^${value}$`) })
      .waitFor();

  it('lies on the law of ρ without an activation, above 1 and below, by keys', async () => {
    await lab().show('#l=3');
    await has('length', '117\\.4');
    expect([await lab().fact('law'), await lab().fact('factor')]).toEqual(['117.4', '1.1']);
    await lab().type('rho', 0.9);
    await has('length', '0\\.005154');
    await lab().says('At step 0 of 50 the gradient is 0.005154 times as long as at the end.');
    const network = lab().locator('.unrolled');
    await network.press('End');
    await has('length', '1');
    await network.press('ArrowLeft');
    await network.press('ArrowLeft');
    await has('length', '0\\.81');
    expect((await lab().settings()).at).toBe('48');
    await lab().locator('#c-rho').press('ArrowRight');
    await has('length', '0\\.8281');
  });

  it('sends the gradient back by clicks, and vanishes where tanh is saturated', async () => {
    await lab().show('#l=3&activation=tanh&rho=2.5&input=0.1&T=40');
    const length = async () => Number(await lab().fact('length'));
    await lab().eventually(length).toBeGreaterThan(1000);
    await lab().type('input', 3);
    await lab().eventually(length).toBeLessThan(1e-6);
    await lab().locator('[data-cell="39"]').click();
    expect(await lab().locator('.position output').innerText()).toBe('39');
    expect(await lab().locator('.chart .bars rect').count()).toBeLessThanOrEqual(2);
    await lab().locator('[data-act=send]').click();
    await lab()
      .eventually(() => lab().locator('.position output').innerText())
      .toBe('0');
    expect((await lab().settings()).at).toBe('0');
    expect(await lab().locator('.chart .bars rect').count()).toBe(40);
  });

  it('follows the spectral radius of a Gaussian matrix, not its norm, and the quarter of a sigmoid', async () => {
    await lab().show('#l=3&init=gaussian&rho=1.2');
    await has('radius', '0\\.885');
    expect(Number(await lab().fact('law'))).toBeGreaterThan(9000);
    expect(Number(await lab().fact('length'))).toBeLessThan(0.01);
    await lab().locator('input[value=sigmoid]').check();
    await lab()
      .eventually(() => lab().fact('law'))
      .toBe('7.179e-27');
    await lab().says('ρ/4 to the power of 50 is 7.179e-27');
  });
}
