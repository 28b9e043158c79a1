/** The widget of lesson 10, driven. */

import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { FAULTS, type Fault } from '../../../lab/lessons/10-diagnose/faults.js';
import session from '../../../lab/lessons/10-diagnose/session.js';
import type { LabPage } from '../pages.js';

/** A log whose norm leaps to 60 at steps 20, 40, 60 and 80. */
const rows = Array.from({ length: 120 }, (_, step) => {
  const norm = [20, 40, 60, 80].includes(step) ? 60 : 1 + 0.1 * Math.sin(step);
  return { step, loss: Number((2 * 0.97 ** step + 0.3).toFixed(4)), norm: Number(norm.toFixed(4)) };
});
const csv = ['step,loss,grad_norm', ...rows.map(({ step, loss, norm }) => `${step},${loss},${norm}`)].join(
  '\n',
);

export default function drive(lab: () => LabPage): void {
  it('has four runs to name; diagnose names what was planted, with its evidence', async () => {
    const runs = await session.calls.blind({ seed: 3 });
    await lab().show('#l=10&seed=3');
    const run = (place: number) => lab().locator(`[data-run="${place}"]`);
    await run(3).locator('svg[role=img]').waitFor();
    // The first by keys alone, right; the others by pointer, one of them wrong.
    const named = runs.map(({ fault }) => fault);
    const wrong = (Object.keys(FAULTS) as Fault[]).find((fault) => fault !== named[3])!;
    await run(0).locator('input[value=healthy]').focus();
    const down = Object.keys(FAULTS).indexOf(named[0]);
    if (down === 0) await lab().page.keyboard.press('Space');
    for (let k = 0; k < down; k++) await lab().page.keyboard.press('ArrowDown');
    await run(0).locator('[data-act=compare]').press('Enter');
    for (const place of [1, 2, 3]) {
      await run(place)
        .locator(`input[value=${place === 3 ? wrong : named[place]}]`)
        .check();
      await run(place).locator('[data-act=compare]').click();
    }
    for (const place of [0, 1, 2, 3]) {
      const answer = run(place).locator('[data-answer]');
      expect(await answer.getAttribute('data-answer')).toBe(String(place !== 3));
      const words = await answer.innerText();
      const { fault, how, verdicts } = runs[place];
      for (const said of [FAULTS[fault], how, verdicts[0].seen, verdicts[0].next])
        expect(words).toContain(said);
    }
    expect(await lab().fact('score')).toBe('Of 4 of 4 runs compared, you named 3, diagnose 4.');
    expect((await lab().settings()).named).toBe([...named.slice(0, 3), wrong].join());
    await lab().locator('[data-act=more]').click();
    await lab()
      .eventually(() => lab().settings())
      .toEqual({ seed: '4', named: '-,-,-,-' });
    expect(await lab().locator('[data-answer]').count()).toBe(0);
  });

  it('reads a log that is chosen, and one that is dropped anywhere on the page', async () => {
    await lab().show('#l=10&seed=5');
    const field = lab().locator('input[data-act=log]');
    await field.setInputFiles({ name: 'run.csv.gz', mimeType: 'application/gzip', buffer: gzipSync(csv) });
    const own = lab().locator('[data-own-run="0"]');
    await own.locator('.verdict', { hasText: 'single batches are spoilt, 75 % sure' }).waitFor();
    expect(await own.locator('.verdict').first().innerText()).toMatch(
      /4 single steps leapt to 59.8 times .*\(step 20, 40, 60, 80\)/,
    );
    expect(await own.locator('.advice').first().innerText()).toMatch(/^Clip at 1\.\d+, the \S+ percentile/);
    expect(await lab().locator('[data-own=form]').innerText()).toMatch(/^CSV of 120 rows\./);
    await lab().says(/Your log: single batches are spoilt/);
    // The focus went to what is said.
    expect(
      await lab().page.evaluate(
        () => document.querySelector('tamegrad-lab')!.shadowRoot!.activeElement?.className,
      ),
    ).toBe('own-result');

    const jsonl = rows
      .map(({ step, loss, norm }) => JSON.stringify({ step, loss, grad_norm: Math.min(norm, 2) }))
      .join('\n');
    const dropped = await lab().page.evaluateHandle((text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], 'run.jsonl'));
      return transfer;
    }, jsonl);
    await lab().page.dispatchEvent('h1', 'drop', { dataTransfer: dropped });
    await own.locator('.verdict', { hasText: 'nothing is wrong' }).waitFor();
  });

  it('says in plain words what is no log, and takes the name of a column', async () => {
    await lab().show('#l=10&seed=6');
    const field = lab().locator('input[data-act=log]');
    const error = lab().locator('[data-own=error]');
    const choose = (text: string) =>
      field.setInputFiles({ name: 'run.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    await choose('');
    await error.filter({ hasText: 'run.csv is empty; a log has a row for each step.' }).waitFor();
    await choose(csv.replace('loss,grad_norm', 'first,second'));
    await error.filter({ hasText: /name the column below\.$/ }).waitFor();
    await lab().locator('#own-norm').fill('second');
    await lab().locator('#own-norm').press('Enter');
    await lab().locator('.verdict', { hasText: 'single batches are spoilt' }).waitFor();
  });
}
