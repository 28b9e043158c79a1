/** The widget of lesson 4, driven. */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { cliff } from '../../../demos/cliff/cliff.js';
import { compare } from '../../../demos/compare.js';
import type { LabPage } from '../pages.js';

/** By then the leaps are over. */
const STEPS = 120;
const silent = { begin() {}, step() {}, end() {} };

export default function drive(lab: () => LabPage): void {
  it('is moved by keys, the link with it', async () => {
    await lab().show('#l=4');
    await lab().locator('[data-handle=start]').press('ArrowRight');
    await lab().locator('[data-handle=start]').press('Shift+ArrowUp');
    expect(await lab().settings()).toEqual({ w: '5.01', b: '-2.2', c: '1', lr: '0.1', zoom: '1' });
    await lab().type('w', 5);
    expect((await lab().settings()).w).toBe('5');
  });

  it('is moved by a pointer', async () => {
    await lab().show('#l=4&b=-2.2');
    const box = (await lab().locator('.plane .frame').boundingBox())!;
    const at = (w: number, b: number) =>
      [box.x + ((w - 4) / 3) * box.width, box.y + ((-1.5 - b) / 2) * box.height] as const;
    const { mouse } = lab().page;
    await mouse.move(...at(5, -2.2));
    await mouse.down();
    await mouse.move(...at(5.5, -2.5));
    await mouse.move(...at(6, -2.8));
    await mouse.up();
    const { w, b } = await lab().settings();
    expect([Number(w), Number(b)]).toEqual([expect.closeTo(6, 1), expect.closeTo(-2.8, 1)]);
  });

  it('ends from the three starts where the terminal ends', async () => {
    for (const start of ['5,-2.3', '5,-2.2', '6,-2.8']) {
      const { outcomes } = await compare(
        cliff,
        {
          ...{ seed: 1, steps: STEPS, lr: 0.1, optimizer: 'sgd', backend: 'simd' },
          ...{ clips: ['none', 'norm:1'], own: { start } },
        },
        silent,
      );
      const [none, clipped] = outcomes;
      const digests = outcomes.map(({ digest }) => digest.slice(0, 8)).join(',');
      const [w, b] = start.split(',');
      await lab().show(`#l=4&w=${w}&b=${b}&t=${STEPS}&h=${digests}`);
      await lab().locator('[data-compared=true]').waitFor();
      expect(Number(await lab().fact('longest', 'none'))).toBeCloseTo(Number(none.measured.largestStep), 1);
      expect(Number(await lab().fact('w', 'clipped'))).toBeCloseTo(Number(clipped.measured.endW), 2);
      const clips = clipped.result.records.filter((record) => record.clipped).length;
      expect(await lab().fact('clips', 'clipped')).toBe(String(clips));
    }
  });

  it('moves by itself where nobody asked for less motion', async () => {
    await lab().page.emulateMedia({ reducedMotion: 'no-preference' });
    await lab().show('#l=4&w=6&b=-2.8');
    await lab()
      .eventually(async () => Number(await lab().locator('.position output').innerText()))
      .toBeGreaterThan(10);
    await lab().page.emulateMedia({ reducedMotion: 'reduce' });
  });

  it('saves its picture as SVG and PNG, and its numbers', async () => {
    await lab().show('#l=4&w=6&b=-2.8&t=3');
    await lab()
      .eventually(() => lab().locator('.position output').innerText())
      .toBe('3');
    await lab().locator('.plane image').waitFor();
    const saved = async (kind: string): Promise<Buffer> => {
      const [download] = await Promise.all([
        lab().page.waitForEvent('download'),
        lab().locator('.plane .exports button', { hasText: kind }).click(),
      ]);
      return readFileSync(await download.path());
    };
    const drawing = (await saved('SVG')).toString();
    expect(drawing).toMatch(/^<svg [^>]*xmlns="http/);
    expect(drawing).toContain('data:image/png');
    expect((await saved('PNG')).subarray(1, 4).toString()).toBe('PNG');
    const [head, first] = (await saved('CSV')).toString().split('\n');
    expect([head, first]).toEqual(['path,step,w,b', 'without clipping,0,6,-2.8']);
  });
}
