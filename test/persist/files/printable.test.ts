import fc from 'fast-check';
import { expect, it } from 'vitest';
import { printable } from '../../../src/persist/files/index.js';

it('leaves ordinary text as it is, in any language', () => {
  for (const text of ['norm:1', 'résumé.html', '日本語', 'a b', "it's", '🙂'])
    expect(printable(text)).toBe(text);
});

it.each([
  ['\u001b[31mred', '\\x1b[31mred'],
  ['a\nb\r\tc', 'a\\nb\\r\\tc'],
  ['\u009b2J', '\\x9b2J'],
  ['a\u202eb\u2028', 'a\\u{202e}b\\u{2028}'],
  ['\ud800', '\\u{d800}'],
  ['\0', '\\x00'],
])('shows what a terminal would act on: %j', (text, shown) => expect(printable(text)).toBe(shown));

it('is one line of bounded length without control characters, whatever it is given', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 2000 }),
      fc.integer({ min: 20, max: 300 }),
      (text, most) => {
        const shown = printable(text, most);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
        // Each character may become an escape of ten.
        expect(shown.length).toBeLessThan(10 * most + 60);
      },
    ),
    { numRuns: 300 },
  );
});
