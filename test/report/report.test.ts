import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import type { RunView } from '../../src/report/index.js';
import { renderReport } from '../../src/report/page.js';
import type { StepRecord } from '../../src/train/record.js';
import { clippedRun, explodingRun, samplePage } from './fixtures.js';

const html = renderReport(samplePage());
const parse = (text: string): Document => parseHTML(text).document as unknown as Document;
const all = (root: ParentNode, selector: string) => [...root.querySelectorAll(selector)];
const text = (element: Element | null) => element?.textContent ?? '';

/** Coordinates that a browser would refuse to draw. */
function brokenCoordinates(root: ParentNode): readonly string[] {
  const names = ['d', 'transform', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'width', 'height', 'points', 'viewBox'];
  return all(root, 'svg, svg *').flatMap((element) =>
    names
      .map((name) => element.getAttribute(name) ?? '')
      .filter((value) => /NaN|Infinity|undefined|null/.test(value)),
  );
}

function changed(run: RunView, change: (record: StepRecord) => Partial<StepRecord>): RunView {
  return { ...run, records: run.records.map((record) => ({ ...record, ...change(record) })) };
}

describe('the page', () => {
  const document = parse(html);

  it('is one file: no script, no link, no address to load from', () => {
    expect(all(document, 'script, link, img, iframe, object')).toHaveLength(0);
    expect(html.replaceAll('http://www.w3.org/', '')).not.toMatch(/https?:|url\(|@import/);
  });

  it('has the landmarks, one h1, h2s only below it, a language, a title and a viewport', () => {
    expect(document.documentElement.getAttribute('lang')).toBe('en');
    expect(text(document.querySelector('title'))).toBe('One sign, fifty steps of noise');
    expect(document.querySelector('meta[name=viewport]')?.getAttribute('content')).toContain(
      'width=device-width',
    );
    for (const landmark of ['header', 'main', 'footer', 'h1'])
      expect(all(document, landmark)).toHaveLength(1);
    expect(all(document, 'h2').length).toBeGreaterThan(4);
    expect(all(document, 'h3, h4')).toHaveLength(0);
    expect(all(document, 'th').map(text)).not.toContain('');
  });

  it('follows the scheme of the reader, and the paper', () => {
    const style = text(document.querySelector('style'));
    expect(style).toContain('@media screen and (prefers-color-scheme:dark)');
    expect(style).toContain('@media print');
    for (const name of ['--bg', '--card', '--ink', '--soft', '--s1', '--s6', '--h0', '--h13']) {
      expect(style.match(new RegExp(`[;{]${name}:`, 'g'))?.length, name).toBeGreaterThanOrEqual(2);
    }
    const drawn = all(document, 'figure svg *').flatMap((element) => [
      element.getAttribute('fill') ?? '',
      element.getAttribute('stroke') ?? '',
    ]);
    const fixed = drawn.filter(
      (color) => color !== '' && !/^(none|currentColor|var\(--[a-z0-9]+\))$/.test(color),
    );
    expect(fixed).toEqual([]);
  });

  it('shows verdict, facts, settings and command', () => {
    expect(text(document.querySelector('.verdict p'))).toBe(samplePage().verdict);
    expect(text(document.querySelector('.runs'))).toContain('✗ diverged at step 35');
    const rows = all(document, '.runs tbody tr').map((row) => all(row, 'th, td').map(text));
    expect(rows.slice(0, 2)).toEqual([
      ['first not finite', 'gradient', '–'],
      ['non-finite gradients', 'head.weight, head.bias', '–'],
    ]);
    expect(text(document.querySelector('.runs'))).not.toContain('✓');
    const succeeded = samplePage().runs.map((run) => ({ ...run, succeeded: true }));
    const marks = all(parse(renderReport(samplePage(succeeded))), '.runs thead th span').map(text);
    expect(marks).toEqual(['✗ diverged at step 35', '✓ 300 steps, finite']);
    expect(all(document, 'dl dt').map(text)).toContain('learning rate');
    expect(all(document, 'pre code').map(text)).toEqual(Object.values(samplePage().commands));
    expect(text(document.querySelector('.lead'))).not.toContain('`');
  });

  it('is small and the same every time', () => {
    expect(html.length).toBeLessThan(250_000);
    expect(renderReport(samplePage())).toBe(html);
  });
});

describe('figures', () => {
  const document = parse(html);
  const figures = all(document, 'figure');

  it('has those of every comparison and those of the caller', () => {
    const titles = figures.map((figure) => text(figure.querySelector('figcaption strong')));
    expect(titles).toEqual([
      'Loss over training',
      'Gradient norm before and after clipping',
      'Share of clipped steps',
      'Gradient norm of each parameter',
      'The gradient on its way back through time',
      'Norm of each parameter at step 0',
      'The error surface and two descents on it',
    ]);
  });

  it('gives each a caption, words, numbers, and an image that points to the words', () => {
    const ids = new Set(all(document, '[id]').map((element) => element.id));
    expect(ids.size).toBe(all(document, '[id]').length);
    for (const figure of figures) {
      expect(text(figure.querySelector('figcaption')).length).toBeGreaterThan(20);
      expect(text(figure.querySelector('.summary')).length).toBeGreaterThan(20);
      expect(all(figure, 'details table tbody tr').length).toBeGreaterThan(0);
      const images = all(figure, 'svg[role=img]');
      expect(images.length).toBeGreaterThan(0);
      for (const image of images) {
        expect(image.getAttribute('aria-label')).toBeTruthy();
        expect(ids).toContain(image.getAttribute('aria-describedby'));
      }
      expect(all(figure, 'svg:not([role])').every((svg) => svg.getAttribute('aria-hidden') === 'true')).toBe(
        true,
      );
    }
  });

  it('names its axes', () => {
    const [loss, , share] = figures;
    expect(text(loss.querySelector('svg.wide'))).toContain('loss (mean squared error, log scale)');
    for (const drawing of all(loss, 'svg')) {
      if (drawing.getAttribute('role') === 'img') expect(text(drawing)).toContain('step, up to ');
    }
    const steps = samplePage().runs.flatMap(({ records }) => records.map(({ step }) => step));
    expect(text(loss.querySelector('svg.wide'))).toContain(`step, up to ${Math.max(...steps)}`);
    expect(text(share.querySelector('svg.wide'))).toContain('clipped steps (%)');
  });

  it('tells in the legend which runs lie upon one another', () => {
    const same = (label: string): RunView => ({ ...clippedRun('x', 1, 30, 3), label });
    const runs = [same('none'), same('norm:5'), { ...clippedRun('x', 1, 30, 4), label: 'norm:9' }];
    const [loss] = all(parse(renderReport({ ...samplePage(), runs, sections: [] })), 'figure');
    const legend = all(loss, '.legend li').map(text);
    expect(legend).toEqual(['none', 'norm:5, the same as none', 'norm:9']);
  });

  it('draws no coordinate that is not a number', () => {
    expect(brokenCoordinates(document)).toEqual([]);
  });

  it('ends the diverged line with a marked point and says how far it went', () => {
    const [loss] = figures;
    expect(text(loss.querySelector('svg.wide'))).toContain('diverged at step 35');
    expect(text(loss.querySelector('.legend'))).toContain('✗ diverged at step 35');
    expect(text(loss.querySelector('.summary'))).toMatch(
      /The axis is cut at 1000; the highest value is 4\.82e25/,
    );
  });

  it('keeps the clipped norm readable beside an explosion', () => {
    expect(text(figures[1].querySelector('.summary'))).toContain('The axis is cut at 10000;');
  });

  it('draws the threshold, what was before and what was after', () => {
    const panels = all(figures[1], 'svg[role=img]');
    expect(panels.map((panel) => text(panel).includes('clip at 1'))).toEqual([false, true]);
    expect(all(figures[1], '.legend li').map((item) => text(item).trim())).toEqual([
      'before clipping',
      'after clipping',
    ]);
  });

  it('lets a diverged run fill its panel of parameters, and marks it', () => {
    const titles = all(figures[3], '.panel-title').map(text);
    expect(titles).toEqual(['none ✗ diverged at step 35', 'norm:1']);
    const [none, norm] = all(figures[3], 'svg.panel').map((panel) => all(panel, 'text').map(text));
    expect(none).toEqual(expect.arrayContaining(['10', '20', '30', 'head.weight: not finite at 35']));
    expect(none).not.toContain('100');
    expect(norm).toContain('200');
  });

  it('tells lines apart by marker as well as by colour', () => {
    const swatches = all(figures[4], '.legend svg');
    const marks = swatches.map((swatch) => swatch.querySelectorAll('path')[1]?.getAttribute('d') ?? 'none');
    expect(new Set(marks).size).toBe(4);
    expect(all(swatches[1], 'path')[0].getAttribute('stroke-dasharray')).toBe('4 4');
  });

  it('cuts the path that leaves the map and keeps the other whole', () => {
    expect(text(figures[6].querySelector('.legend'))).toContain('left the map at step 3');
    expect(all(figures[6], 'svg.wide path[fill^="var(--h"]').length).toBeGreaterThan(3);
    const map = figures[6].querySelector('svg.wide');
    const lines = map
      ? all(map, 'g[stroke^="var(--s"] path').map((path) => path.getAttribute('d') ?? '')
      : [];
    const points = lines.flatMap((d) => [...d.matchAll(/[ML](-?[\d.]+),(-?[\d.]+)/g)]);
    expect(points.length).toBeGreaterThan(20);
    for (const [, x, y] of points) {
      expect(Number(x)).toBeGreaterThan(-10);
      expect(Number(x)).toBeLessThanOrEqual(860);
      expect(Number(y)).toBeGreaterThan(-10);
      expect(Number(y)).toBeLessThanOrEqual(520);
    }
    expect(text(figures[6].querySelector('.key'))).toContain('error E₅₀, log scale');
  });
});

describe('text from outside', () => {
  const evil = '</title><script>alert(1)</script><b onclick="x">"&\'';
  const page = samplePage([explodingRun(evil), clippedRun(`${evil}2`)]);
  const out = renderReport({
    ...page,
    title: evil,
    lead: evil,
    verdict: evil,
    notice: evil,
    commands: { [evil]: evil },
    lossUnit: evil,
    settings: { [evil]: evil },
    sections: [{ ...page.sections[0], heading: evil, paragraphs: [evil, `\`${evil}\``] }],
  });

  it('never becomes markup', () => {
    const document = parse(out);
    expect(all(document, 'script, b, [onclick]')).toHaveLength(0);
    expect(/<script|<b onclick/.test(out)).toBe(false);
    expect(text(document.querySelector('h1'))).toBe(evil);
    expect(text(document.querySelector('pre code'))).toBe(evil);
    expect(text(document.querySelector('.runs thead th'))).toContain(evil);
  });
});

describe('odd logs', () => {
  const nothing = changed(explodingRun(), () => ({
    loss: Number.NaN,
    normBefore: Number.POSITIVE_INFINITY,
    normAfter: Number.NaN,
    norms: { a: Number.NaN, b: Number.NEGATIVE_INFINITY },
  }));
  const zeros = changed(clippedRun('zero'), () => ({
    loss: 0,
    normBefore: 0,
    normAfter: 0,
    clipped: false,
    norms: { a: 0 },
  }));
  const cases: Readonly<Record<string, readonly RunView[]>> = {
    'no run': [],
    'a run without records': [{ ...clippedRun(), records: [] }],
    'a run of one step': [clippedRun('one', 1, 1)],
    'nothing finite': [nothing],
    'zeros only': [zeros],
    'all at once': [nothing, { ...clippedRun('empty'), records: [] }, clippedRun('one', 1, 1), zeros],
    'only a diverged run': [explodingRun()],
    'no parameters': [changed(clippedRun(), () => ({ norms: {} }))],
    'huge and tiny': [changed(clippedRun(), ({ step }) => ({ loss: 10 ** (600 * (step / 299) - 300) }))],
    'negative losses': [changed(clippedRun(), ({ loss }) => ({ loss: loss - 0.5 }))],
    gaps: [changed(clippedRun(), ({ step, loss }) => ({ loss: step % 50 === 7 ? Number.NaN : loss }))],
  };

  it.each(Object.entries(cases))('renders %s', (_, runs) => {
    const out = renderReport({ ...samplePage(runs), sections: [] });
    const document = parse(out);
    expect(brokenCoordinates(document)).toEqual([]);
    for (const figure of all(document, 'figure')) expect(text(figure.querySelector('.summary'))).not.toBe('');
    for (const panel of all(document, 'figure svg[role=img]')) {
      // Either something is drawn or the frame says that there is nothing.
      const marks = all(panel, 'path[d^="M"]').length;
      expect(marks > 0 || text(panel).includes('no value')).toBe(true);
    }
  });

  it('says what an empty frame means', () => {
    const document = parse(renderReport({ ...samplePage([nothing]), sections: [] }));
    expect(text(document.querySelector('figure svg[role=img]'))).toContain('no value that can be drawn');
    expect(text(document.querySelector('.summary'))).toContain('none: no finite value; diverged at step 35.');
  });
});

describe('large logs', () => {
  const names = Array.from({ length: 18 }, (_, k) => `layers.${k >> 1}.${k % 2 ? 'bias' : 'weight'}`);
  const deep = (run: RunView) =>
    changed(run, ({ step, normBefore }) => ({
      norms: Object.fromEntries(
        names.map((name, k) => [name, normBefore * 1.4 ** -k * (2 + Math.sin(step * k))]),
      ),
    }));
  const runs = [explodingRun(), ...[1, 2, 3].map((k) => clippedRun(`norm:${k}`, k, 4000, k))];

  it('stay under 400 KB with four runs, and keep their spikes', () => {
    const spiked = runs.map((run) =>
      changed(run, ({ step, loss }) => ({ loss: step === 2345 ? 777 : loss })),
    );
    const out = renderReport(samplePage(spiked));
    expect(out.length).toBeLessThan(400_000);
    expect(text(parse(out).querySelector('.summary'))).toContain('highest 777 at step 2345');
  });

  it('give each of many parameters a row of colour', () => {
    const out = renderReport({ ...samplePage(runs.map(deep)), sections: [] });
    expect(out.length).toBeLessThan(400_000);
    const document = parse(out);
    const heat = all(document, 'figure').slice(-4);
    expect(heat.map((figure) => text(figure.querySelector('strong')))[0]).toContain('none');
    for (const figure of heat) {
      const labels = text(figure.querySelector('svg.wide'));
      expect(names.every((name) => labels.includes(name))).toBe(true);
    }
  });
});
