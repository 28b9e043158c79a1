import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { renderFigure } from '../../src/report/figure.js';
import type { LadderCell, LadderFigure } from '../../src/report/types.js';

const learns: LadderCell = { tone: 'ok', sign: '✓', word: 'learns', note: '0.01' };
const guesses: LadderCell = { tone: 'plain', sign: '·', word: 'guesses', note: '1' };
const diverges: LadderCell = { tone: 'bad', sign: '✗', word: 'diverges', note: 'step 1' };

const figure: LadderFigure = {
  kind: 'ladder',
  title: 'Ladder <of> ρ',
  caption: 'What became of each.',
  x: { symbol: 'ρ', values: ['0.7', '0.9', '1', '1.1'] },
  rows: [
    { label: 'none', cells: [guesses, guesses, diverges, diverges] },
    { label: 'norm:1', cells: [guesses, learns, learns, null] },
  ],
  bands: [{ label: 'rescued', from: 1, to: 2 }],
};

const page = parseHTML(renderFigure(figure, 'ladder')).document as unknown as Document;
const drawn = (className: string) => page.querySelector(`svg.${className}`)!;
const texts = (root: Element, name = 'text') =>
  [...root.querySelectorAll(name)].map(({ textContent }) => textContent);

describe('the ladder', () => {
  it.each(['wide', 'narrow'])(
    'drawn %s has a tile for each setting and each row, with sign and number, so that it reads without colour',
    (className) => {
      const svg = drawn(className);
      expect(svg.querySelectorAll('rect').length).toBe(8);
      const said = texts(svg).join(' ');
      expect(said.match(/✗/g)?.length).toBe(2);
      expect(said.match(/✓/g)?.length).toBe(2);
      for (const word of ['0.7', '0.9', '1.1', 'none', 'norm:1', 'rescued', 'step 1'])
        expect(said).toContain(word);
    },
  );

  it('leaves the tile of what was not run empty and dashed', () => {
    for (const className of ['wide', 'narrow'])
      expect(drawn(className).querySelectorAll('rect[stroke-dasharray]').length).toBe(1);
  });

  it('keeps its tiles beside each other and inside the picture', () => {
    for (const [className, across] of [
      ['wide', 4],
      ['narrow', 2],
    ] as const) {
      const svg = drawn(className);
      const [, , width, height] = svg.getAttribute('viewBox')!.split(' ').map(Number);
      const tiles = [...svg.querySelectorAll('rect')].map((tile) =>
        ['x', 'y', 'width', 'height'].map((name) => Number(tile.getAttribute(name))),
      );
      expect(new Set(tiles.map(([x]) => x)).size).toBe(across);
      for (const [i, [x, y, w, h]] of tiles.entries()) {
        expect(x >= 0 && y >= 0 && x + w <= width && y + h <= height).toBe(true);
        for (const [left, top, wide, high] of tiles.slice(i + 1))
          expect(x + w <= left || left + wide <= x || y + h <= top || top + high <= y).toBe(true);
      }
    }
  });

  it('tells a screen reader each row once, neighbours with one outcome together', () => {
    const words = page.querySelector('figure')!.textContent;
    expect(words).toContain('none: ρ = 0.7 to 0.9: guesses; ρ = 1 to 1.1: diverges.');
    expect(words).toContain('norm:1: ρ = 0.7: guesses; ρ = 0.9 to 1: learns; ρ = 1.1: not run.');
  });

  it('is a table too, a line for each setting', () => {
    expect([...page.querySelectorAll('table tr')].map((row) => texts(row, 'th, td'))).toEqual([
      ['ρ', 'none', 'norm:1'],
      ['0.7', 'guesses, 1', 'guesses, 1'],
      ['0.9', 'guesses, 1', 'learns, 0.01'],
      ['1', 'diverges, step 1', 'learns, 0.01'],
      ['1.1', 'diverges, step 1', 'not run'],
    ]);
  });

  it('shows words as words, not as HTML', () => {
    expect(page.querySelector('of')).toBeNull();
  });
});
