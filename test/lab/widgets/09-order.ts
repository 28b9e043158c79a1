/** The widget of lesson 9, driven. */

import { expect, it } from 'vitest';
import type { LabPage } from '../pages.js';

export default function drive(lab: () => LabPage): void {
  it('moves a stage by keys and by pointer, the link with it', async () => {
    await lab().show('#l=9');
    const block = (stage: string) => lab().locator(`[data-stage=${stage}]`);
    await block('clip').press('ArrowRight');
    await block('clip').press('ArrowRight');
    const order = async () => (await lab().settings()).order;
    expect(await order()).toBe('accumulate,average,check,unscale,clip,decay,step');
    const [from, to] = [await block('step').boundingBox(), await block('average').boundingBox()];
    const { mouse } = lab().page;
    await mouse.move(from!.x + from!.width / 2, from!.y + from!.height / 2);
    await mouse.down();
    await mouse.move(to!.x + to!.width / 2, to!.y + to!.height / 2);
    await mouse.up();
    await lab().eventually(order).toBe('accumulate,step,average,check,unscale,clip,decay');
  });
}
