/** The widget of lesson 2, driven. */

import { it } from 'vitest';
import type { LabPage } from '../pages.js';

export default function drive(lab: () => LabPage): void {
  it('measures 38.75 at the peak of a matrix whose eigenvalues are 0.9, and a number beside it', async () => {
    await lab().show('#l=2&kind=matrix&lambda=0.9');
    const summary = (words: string) => lab().locator('.chart .summary', { hasText: words }).waitFor();
    await summary('The norm is largest, 38.75, at power 9');
    await lab().locator('input[value=number]').check();
    await summary('is 2.6561e-5 times as long');
    await lab().locator('input[type=range]#c-lambda').press('ArrowRight');
    await summary('With λ = 0.91 the gradient at the first of 100 layers');
  });
}
