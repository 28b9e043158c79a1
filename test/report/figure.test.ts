import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { renderFigure } from '../../src/report/figure.js';
import * as report from '../../src/report/index.js';
import { renderReport } from '../../src/report/page.js';
import { samplePage } from './fixtures.js';

const parse = (text: string): Document => parseHTML(text).document as unknown as Document;
const all = (root: ParentNode, selector: string) => [...root.querySelectorAll(selector)];
const text = (element: Element | null) => element?.textContent ?? '';

describe('renderFigure', () => {
  it('leaves what is not finite out of a heat map, and marks a range that is exceeded', () => {
    const html = renderFigure(
      {
        kind: 'heat',
        title: 'Map',
        caption: 'Three cells and a hole.',
        x: { label: 'x', range: [0, 2] },
        y: { label: 'y', range: [0, 2], categories: ['a', 'b'] },
        z: { label: 'z', range: [0.1, 10] },
        columns: 2,
        rows: 2,
        values: [0.1, 10, Number.POSITIVE_INFINITY, 1000],
      },
      'map',
    );
    const figure = parse(html);
    const cells = all(figure, 'svg.wide path[fill^="var(--h"]');
    // Row a is on top: its low cell left, its high cell right, with the high cell of row b under it.
    expect(cells.map((cell) => `${cell.getAttribute('fill')} ${cell.getAttribute('d')}`)).toEqual([
      'var(--h0) M0 1h1v1h-1z',
      'var(--h13) M1 1h1v1h-1zM1 0h1v1h-1z',
    ]);
    const height = (label: string) => {
      const found = all(figure, 'svg.wide text').find((element) => text(element) === label);
      return Number(found?.getAttribute('transform')?.match(/,([\d.]+)\)/)?.[1]);
    };
    expect(height('a')).toBeLessThan(height('b'));
    expect(text(figure.querySelector('.key'))).toContain('≥ 10');
  });

  it('hatches what is not finite, so that it differs from a zero, and writes values where asked', () => {
    const map = (values: number[], showValues: boolean | 'all' = true) => {
      const axis = { label: 'read as', range: [-0.5, 1.5], ticks: [0, 1] } as const;
      const y = { label: 'shown', range: [0, 1], categories: ['a'] } as const;
      const words = {
        title: 'Map',
        caption: 'Two cells.',
        x: axis,
        y,
        z: { label: 'n', range: [1, 10] as const },
      };
      const figure = { ...words, kind: 'heat', columns: 2, rows: 1, values, showValues } as const;
      return parse(renderFigure(figure, 'map'));
    };
    const crosses = (figure: Document) => all(figure, 'svg.wide path[stroke="var(--bad)"]').length;
    const [hole, zero] = [map([7, Number.NaN]), map([7, 0])];
    const zeros = (figure: Document) =>
      all(figure, 'svg.wide text')
        .map(text)
        .filter((word) => word === '0').length;
    expect(zeros(map([7, 0], 'all'))).toBe(zeros(zero) + 1);
    expect([crosses(hole), crosses(zero)]).toEqual([1, 0]);
    expect(text(hole.querySelector('.key'))).toContain('not finite');
    expect(text(zero.querySelector('.key'))).not.toContain('not finite');
    expect(all(zero, 'svg.wide text').map(text)).toEqual(expect.arrayContaining(['0', '1', '7', 'a']));
    expect(all(zero, 'thead th').map(text)).toEqual(['read as 0', 'read as 1']);
  });

  it('explains a band only where there is one, in the words of its axis', () => {
    const figure = (count: number) => {
      const x = Array.from({ length: count }, (_, k) => k);
      const series = [{ label: 'a', x, y: x.map((k) => Math.sin(k) + 2) }];
      const words = { title: 'Line', caption: 'One.', x: { label: 'b' }, y: { label: 'E' } };
      return parse(renderFigure({ ...words, kind: 'lines', series }, 'line')).querySelector('.key');
    };
    expect(figure(100)).toBeNull();
    expect(figure(200)?.className).toBe('key only-narrow');
    expect(figure(1000)?.className).toBe('key');
    expect(text(figure(1000))).toContain('crowd along the b axis');
  });

  it('names a position by the symbol of its axis', () => {
    const axes = { x: { label: 'time step t', symbol: 't' }, y: { label: 'norm' } };
    const series = [{ label: 'a', x: [1, 2], y: [3, 4] }];
    const html = renderFigure({ kind: 'lines', title: 'T', caption: 'C.', ...axes, series }, 'line');
    expect(text(parse(html).querySelector('.summary'))).toBe('a: from 3 at t = 1 to 4 at t = 2.');
  });

  it('spaces powers of ten evenly along a logarithmic axis, and names it', () => {
    const series = [{ label: 'a', x: [0.01, 0.1, 1, 10], y: [1, 2, 3, 4], reference: true }];
    const draw = (scale?: 'log') => {
      const words = { title: 'T', caption: 'C.', x: { label: 'rate', scale }, y: { label: 'loss' } };
      return parse(renderFigure({ kind: 'lines', ...words, series }, 'line')).querySelector('svg.wide');
    };
    const gaps = (svg: Element | null) => {
      const path =
        svg?.querySelector('g path[stroke-dasharray], g[stroke-dasharray] path')?.getAttribute('d') ?? '';
      const at = [...path.matchAll(/[ML]([\d.]+),/g)].map(([, x]) => Number(x));
      return at.slice(1).map((x, k) => x - at[k]);
    };
    const [first, second, third] = gaps(draw('log'));
    expect(second / first).toBeCloseTo(1, 2);
    expect(third / first).toBeCloseTo(1, 2);
    expect(gaps(draw())[2]).toBeGreaterThan(50 * gaps(draw())[0]);
    expect(text(draw('log'))).toContain('rate (log scale)');
  });

  it('is what the entry point draws, once loaded', async () => {
    expect(await report.renderReport(samplePage())).toBe(renderReport(samplePage()));
    const [figure] = samplePage().sections[0].figures;
    expect(await report.renderFigure(figure, 'one')).toBe(renderFigure(figure, 'one'));
  });

  it('draws bars from zero, and none where a value is not finite', () => {
    const bars = [3, 2.5, Number.NaN].map((value, k) => ({ label: `bar ${k}`, value }));
    const html = renderFigure(
      { kind: 'bars', title: 'Bars', caption: 'Three.', x: { label: 'norm', scale: 'linear' }, bars },
      'bars',
    );
    const widths = all(parse(html), 'svg.wide rect').map((rect) => Number(rect.getAttribute('width')));
    expect(widths[0] / widths[1]).toBeCloseTo(1.2, 2);
    expect(widths[2] ?? 0).toBe(0);
    expect(text(parse(html).querySelector('.summary'))).toBe('bar 0: 3; bar 1: 2.5; bar 2: NaN.');
  });
});
