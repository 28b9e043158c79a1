/** Words of clip specs beside the functions that they stand for: in help texts, under tables, on pages. */

import { type ClipSpec, clipSpecWords } from '../src/clip/index.js';
import { parseClipSpec } from '../src/index.js';

/** For a help text: `norm:1 (clipByGlobalNorm), value:0.5 (clipByValue), …`. */
export function clipWords(): string {
  return clipSpecWords()
    .map(({ form, function: made }) => `${form} (${made})`)
    .join(', ');
}

/** For the words that some specs use: `norm is clipByGlobalNorm, value is clipByValue`. Empty without a clipper. */
export function clipLegend(specs: readonly (string | ClipSpec)[]): string {
  const parsed = specs.map((spec) => (typeof spec === 'string' ? parseClipSpec(spec) : spec));
  const used = new Set(parsed.flatMap(({ functions }) => functions));
  return clipSpecWords()
    .filter((word) => used.has(word.function))
    .map((word) => `${word.form.split(':')[0]} is ${word.function}`)
    .join(', ');
}
