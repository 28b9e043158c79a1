/** The widget of lesson 6, driven, and the links between it and the terminal. */

import { expect, it } from 'vitest';
import { linkOf } from '../../../cli/commands/demo/link.js';
import { compare } from '../../../demos/compare.js';
import { latch } from '../../../demos/latch/latch.js';
import { parseLink } from '../../../lab/core/link.js';
import type { LabPage } from '../pages.js';

const silent = { begin() {}, step() {}, end() {} };

/** What `tamegrad demo latch` runs. */
const demo = (seed: number, steps: number, clips: readonly string[], rho = 1.2) => ({
  ...({ seed, steps, lr: 0.1, optimizer: 'sgd', backend: 'simd' } as const),
  ...{ clips, own: { rho, activation: 'tanh' } },
});

export default function drive(lab: () => LabPage): void {
  const becomes = (run: string, words: string) =>
    lab().locator(`[data-run=${run}][data-fact=fate]`, { hasText: words }).waitFor();

  it('plays a run that explodes beside one that does not, and dissects it', async () => {
    await lab().show('#l=6');
    await lab().locator('[data-act=pace]').selectOption({ label: 'as fast as it goes' });
    await lab().locator('[data-act=play]').press('Enter');
    await becomes('clipped', 'remembers the sign');
    await becomes('none', 'not finite at step 29');
    expect(await lab().fact('step', 'none')).toBe('30');
    const autopsy = lab().locator('[data-autopsy=none]');
    await autopsy.waitFor();
    const named = await Promise.all(['op', 'died', 'first', 'largest'].map((name) => lab().fact(name)));
    expect(named).toEqual(['squaredError', '29', 'rnn.weightHh', 'head.weight']);
    expect(await autopsy.innerText()).toMatch(/out came Infinity\..*Every unit is saturated/s);
    await lab().locator('#norms .summary', { hasText: 'rnn.weightHh 0, ' }).waitFor();

    await lab().locator('[data-act=play]', { hasText: 'Play again' }).waitFor();
    expect([await lab().fact('rate', 'clipped'), await lab().fact('lost', 'clipped')]).toEqual([
      '7.3 %',
      '66 %',
    ]);
  });

  it('shows a run that survives and learns nothing', async () => {
    await lab().show('#l=6&seed=2');
    await lab().type('c', 100);
    await lab().locator('[data-act=play]').click();
    await becomes('clipped', 'finite, worse than guessing');
    await lab().locator('input[value=clipped]').check();
    await lab().locator('#norms .summary', { hasText: 'clipped at 100: rnn.weightIh' }).waitFor();
    expect(await lab().settings()).toMatchObject({ c: '100', show: 'clipped', seed: '2' });
  });

  it('opens links of the terminal with the same bits, the one that exploded, too', async () => {
    const config = demo(1, 60, ['none', 'norm:1']);
    const { outcomes } = await compare(latch, config, silent);
    const links = outcomes.map((outcome) => linkOf(latch, config, outcome)!);
    expect(links.map((link) => parseLink(link).at)).toEqual([30, 60]);
    for (const link of links) {
      await lab().show(link);
      await lab().locator('[data-compared=true]').waitFor();
    }
  });

  it('gives links whose bits are the terminal’s', async () => {
    await lab().show('#l=6&seed=3&rho=1.1&c=0.5&t=20');
    const asked = async () => {
      await lab().locator('[data-act=link]').click();
      return parseLink(await lab().hash());
    };
    await lab()
      .eventually(async () => {
        const { at, digests } = await asked();
        return [at, digests.length];
      })
      .toEqual([20, 2]);
    const { outcomes } = await compare(latch, demo(3, 20, ['none', 'norm:0.5'], 1.1), silent);
    expect(outcomes.map(({ digest }) => digest.slice(0, 8))).toEqual((await asked()).digests);
  });
}
