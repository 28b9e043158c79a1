/** The widget of lesson 5, driven. */

import { expect, it } from 'vitest';
import type { LabPage } from '../pages.js';

export default function drive(lab: () => LabPage): void {
  const degrees = (kind: string) => lab().fact(`${kind}-degrees`);

  it('turns (4, 3) by 8.13° when it clips by value at 3, and not on the diagonal', async () => {
    await lab().show('#l=5&x=4&y=3&c=3');
    await lab()
      .eventually(() => degrees('value'))
      .toBe('8.13°');
    expect(await degrees('norm')).toBe('0.00°');
    await lab().locator('[data-handle=gradient]').press('Shift+ArrowLeft');
    await lab()
      .eventually(() => degrees('value'))
      .toBe('0.00°');
    expect((await lab().settings()).x).toBe('3');
  });

  it('is moved by a pointer, to the square and beyond', async () => {
    await lab().show('#l=5&x=1&y=1&c=2');
    const box = (await lab().locator('.plane .frame').boundingBox())!;
    const handle = (await lab().locator('[data-handle=gradient]').boundingBox())!;
    const { mouse } = lab().page;
    await mouse.move(handle.x + handle.width / 2, handle.y + handle.height / 2);
    await mouse.down();
    // As far right as the plane goes, on the first axis.
    await mouse.move(box.x + box.width, box.y + box.height / 2);
    await mouse.up();
    const { x, y } = await lab().settings();
    expect([Number(x), Number(y)]).toEqual([expect.closeTo(8.1, 0), expect.closeTo(0, 1)]);
    await lab()
      .eventually(() => lab().fact('norm-length'))
      .toBe('2');
  });
}
