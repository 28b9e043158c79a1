/**
 * The lab in headless Chromium: the one file from a disk and the folder under a path of a server, one browser for all.
 * Without Chromium the tests are skipped, but fail where CI is true.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseLink } from '../../lab/core/link.js';
import cliffExercise from '../../lab/lessons/04-cliff/exercise.js';
import { launch, missing } from '../browser/chromium.js';
import { inProcess } from '../cli/in-process.js';
import { clientHere, found } from './in-node.js';
import { type Opened, offerLab } from './pages.js';
import { driveBias } from './widgets/08-bias.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const skipped = missing !== null && process.env.CI !== 'true';
if (skipped) console.warn(`test/lab: skipped, ${missing}`);

let browser: Browser;
const lab = await offerLab(() => browser);
afterAll(() => lab.close());

const lessons = found.filter(({ number }) => number < 99);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describe('what is built', () => {
  /** Gzipped kB of a served script and of all that it imports at once. */
  function closure(entry: RegExp, seen = new Set<string>()): number {
    const visit = (name: string): void => {
      if (seen.has(name)) return;
      seen.add(name);
      const text = Buffer.from(lab.files.get(name)!).toString();
      for (const [, next] of text.matchAll(/(?:from|import)"\.\/([^"]+)"/g)) visit(`lab/${next}`);
    };
    for (const name of lab.files.keys()) if (entry.test(name)) visit(name);
    return [...seen].reduce((sum, name) => sum + gzipSync(lab.files.get(name)!).length / 1000, 0);
  }

  it('is small: one file under 800 kB; gzipped, shell and a lesson under 60 kB, engine and a session under 110 kB', () => {
    const oneFile = lab.files.get('lab.html')!.length / 1000;
    const shells = lessons.map(({ folder }) =>
      closure(new RegExp(`/(shell|part-${folder.split('/').at(-1)}-\\w+)\\.js$`)),
    );
    const engine = closure(/\/engine\.js$/);
    console.info(
      `lab: one file ${oneFile.toFixed(0)} kB; gzipped, shell and a lesson up to ${Math.max(...shells).toFixed(0)} kB, engine ${engine.toFixed(0)} kB`,
    );
    expect(oneFile).toBeLessThan(800);
    expect(Math.max(...shells)).toBeLessThan(60);
    expect(engine).toBeLessThan(110);
  });
});

describe.skipIf(skipped)('in Chromium', () => {
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  const eventually = <T>(look: () => Promise<T>) => expect.poll(look, { timeout: 60_000, interval: 50 });
  const hash = (page: Page) => page.evaluate(() => location.hash);

  describe.each(lessons.map((lesson) => [lesson.number, lesson.text.title] as const))(
    'lesson %i',
    (number, title) => {
      it('opens from the file, with heading, widget, exercise and questions, in silence', async () => {
        const { page, complaints } = await lab.open(`#l=${number}`);
        await page.locator('h1').filter({ hasText: title }).waitFor();
        await page.locator('.stage-card :is(svg, canvas, table)').first().waitFor();
        expect(await page.locator('lab-exercise textarea').count()).toBe(1);
        expect(await page.locator('lab-quiz form').count()).toBe(3);
        expect(await page.locator('.problem').count()).toBe(0);

        // Nothing that axe finds, light and dark, wide and narrow, presented; and nothing that hangs out.
        await page.evaluate(axe);
        for (const [colorScheme, width, presenting] of [
          ['light', 1280, false],
          ['dark', 1280, true],
          ['light', 360, false],
          ['dark', 360, false],
        ] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          await page.setViewportSize({ width, height: 800 });
          if (presenting !== (await hash(page)).includes('p=1'))
            await page.locator('[data-act=present]').click();
          await page.waitForTimeout(50);
          const found = await page.evaluate(async () => {
            const { violations } = await (
              globalThis as never as {
                axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
              }
            ).axe.run();
            return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
          });
          expect(found, `${colorScheme} ${width}`).toEqual([]);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          expect(wide, `${colorScheme} ${width}`).toBeLessThanOrEqual(width);
        }
        expect(complaints).toEqual([]);
        await page.close();
      });
    },
  );

  it('says what it shows: one polite region, with the words of the widget', async () => {
    const { page } = await lab.open('#l=4&t=40');
    await eventually(() => page.locator('#live').innerText()).toMatch(/Clipped: after 40 steps the error is/);
    expect(await page.locator('[aria-live]').count()).toBe(1);
    await page.close();
  });

  describe('the widget of the cliff', () => {
    /** By then the leaps are over. */
    const STEPS = 150;
    let opened: Opened;
    beforeAll(async () => {
      opened = await lab.open('#l=4');
    });
    afterAll(() => opened.page.close());
    const fact = (run: string, name: string) =>
      opened.page.locator(`[data-run=${run}][data-fact=${name}]`).innerText();

    it('is moved by keys, the link with it', async () => {
      const { page } = opened;
      await page.locator('[data-handle=start]').press('ArrowRight');
      await page.locator('[data-handle=start]').press('Shift+ArrowUp');
      expect(parseLink(await hash(page)).rest).toEqual(
        new Map(Object.entries({ w: '5.01', b: '-2.2', c: '1', lr: '0.1', zoom: '1' })),
      );
      await page.locator('input[name=w]').fill('5');
      await page.locator('input[name=w]').press('Enter');
      expect(parseLink(await hash(page)).rest.get('w')).toBe('5');
    });

    it('is moved by a pointer', async () => {
      const { page } = opened;
      const box = (await page.locator('.plane .frame').boundingBox())!;
      const at = (w: number, b: number) =>
        [box.x + ((w - 4) / 3) * box.width, box.y + ((-1.5 - b) / 2) * box.height] as const;
      await page.mouse.move(...at(5, -2.2));
      await page.mouse.down();
      await page.mouse.move(...at(5.5, -2.5));
      await page.mouse.move(...at(6, -2.8));
      await page.mouse.up();
      const { rest } = parseLink(await hash(page));
      expect(Number(rest.get('w'))).toBeCloseTo(6, 1);
      expect(Number(rest.get('b'))).toBeCloseTo(-2.8, 1);
    });

    it('ends from the three starts where the terminal ends', async () => {
      const { page } = opened;
      for (const start of ['5,-2.3', '5,-2.2', '6,-2.8']) {
        const { out } = await inProcess([
          'demo',
          'cliff',
          '--start',
          start,
          '--steps',
          String(STEPS),
          '--json',
        ]);
        const [none, clipped] = JSON.parse(out).runs;
        const [w, b] = start.split(',');
        await page.evaluate(
          (hash) => {
            location.hash = hash;
          },
          `#l=4&w=${w}&b=${b}&t=${STEPS}&h=${none.digest.slice(0, 8)},${clipped.digest.slice(0, 8)}`,
        );
        await page
          .locator('[data-compared=true]')
          .filter({ hasText: none.digest.slice(0, 8) })
          .waitFor();
        expect(Number(await fact('none', 'longest'))).toBeCloseTo(none.largestStep, 1);
        expect(Number(await fact('clipped', 'w'))).toBeCloseTo(clipped.endW, 2);
        expect(await fact('clipped', 'clips')).toBe(String(Math.round(clipped.clippedFraction * STEPS)));
      }
      expect(opened.complaints).toEqual([]);
    });

    it('saves its picture as SVG and PNG, and its numbers', async () => {
      const { page } = opened;
      const saved = async (kind: string): Promise<Buffer> => {
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.locator('.plane .exports button', { hasText: kind }).click(),
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
  });

  it('turns (4, 3) by 8.13° when it clips by value at 3, and not on the diagonal', async () => {
    const { page } = await lab.open('#l=5');
    const degrees = (kind: string) => page.locator(`[data-fact=${kind}-degrees]`).innerText();
    await eventually(() => degrees('value')).toBe('8.13°');
    expect(await degrees('norm')).toBe('0.00°');
    for (let k = 0; k < 10; k++) await page.locator('[data-handle=gradient]').press('ArrowLeft');
    await eventually(() => degrees('value')).toBe('0.00°');
    expect(parseLink(await hash(page)).rest.get('x')).toBe('3');
    await page.close();
  });

  it('measures 38.75 at the peak of a matrix whose eigenvalues are 0.9', async () => {
    const { page } = await lab.open('#l=2&kind=matrix&lambda=0.9');
    await page.locator('.chart .summary', { hasText: 'The norm is largest, 38.75, at power 9' }).waitFor();
    await page.locator('input[value=number]').check();
    await page.locator('.chart .summary', { hasText: 'is 2.6561e-5 times as long' }).waitFor();
    await page.close();
  });

  driveBias(lab);

  describe('links', () => {
    it('made in Node open at their step with the same bits, and say so where the bits are others', async () => {
      const { out } = await inProcess(['demo', 'cliff', '--steps', '60', '--link', '--quiet']);
      const [none, clipped] = out.match(/#l=4\S+/g)!;
      for (const link of [none, clipped]) {
        const { page } = await lab.open(link);
        expect(await page.locator('[data-compared]').innerText()).toMatch(
          /^Step 60: same bits as the sender's/,
        );
        await page.close();
      }
      const forged = clipped.replace(/h=\w{8}/, 'h=00000000');
      const { page } = await lab.open(forged);
      expect(await page.locator('[data-compared]').innerText()).toMatch(
        /^Step 60: other bits than the sender's\. Here \w{8}, \w{8}; there 00000000\.$/,
      );
      await page.close();
    });

    it('made in the page lead to the same bits in Node', async () => {
      const { page } = await lab.open('#l=4&w=5.2&b=-2.4&t=25');
      await page.locator('[data-fact=loss]').first().waitFor();
      await eventually(() => page.locator('.position output').innerText()).toBe('25');
      // Both runs stand there once the link has both digests.
      await eventually(async () => {
        await page.locator('[data-act=link]').click();
        return parseLink(await hash(page)).digests.length;
      }).toBe(2);
      const { at, digests, rest } = parseLink(await hash(page));
      expect([at, rest.get('w')]).toEqual([25, '5.2']);
      const client = clientHere();
      const run = client
        .session('cliff')
        .open('descent' as never, { w: 5.2, b: -2.4, lr: 0.1, c: 1, steps: 2000 } as never, () => {});
      await run.seek(25);
      expect(run.digest!.slice(0, 8)).toBe(digests[1]);
      await page.close();
    });

    it('tell what they cannot use', async () => {
      const { page } = await lab.open('#l=4&colour=red&c=-1');
      expect(await page.locator('[data-complaints] li').allInnerTexts()).toEqual([
        'colour is not a setting of this lesson (it has w, b, c, lr, zoom)',
        'c=-1: Threshold c must be a number from 0.01 to 100',
      ]);
      await page.evaluate(() => {
        location.hash = '#l=77';
      });
      await page.locator('li', { hasText: 'there is no lesson 77' }).waitFor();
      await page.close();
    });
  });

  describe('a run', () => {
    it('pauses after the step under way', async () => {
      const { page } = await lab.open('#l=4');
      await page.locator('[data-act=play]').click();
      await page.locator('[data-act=play]', { hasText: 'Pause' }).waitFor();
      const pauses = await page.evaluate(async () => {
        interface Playing {
          readonly at: number;
          readonly playing: boolean;
          pause(): Promise<void>;
          play(): Promise<void>;
        }
        const lab = document.querySelector('tamegrad-lab')!.shadowRoot!;
        const { runs } = lab.querySelector('.stage-card > *') as unknown as {
          readonly runs: readonly Playing[];
        };
        const [run] = runs;
        const pauses: { ms: number; steps: number; playing: boolean }[] = [];
        for (let k = 0; k < 5; k++) {
          const [asked, at] = [performance.now(), run.at];
          await Promise.all(runs.map((run) => run.pause()));
          pauses.push({
            ms: performance.now() - asked,
            steps: run.at - at,
            playing: runs.some((run) => run.playing),
          });
          await Promise.all(runs.map((run) => run.play()));
          await new Promise((resolve) => setTimeout(resolve, 30));
        }
        return pauses;
      });
      console.info(
        `lab: pause of two runs answered after ${pauses.map(({ ms }) => ms.toFixed(0)).join(', ')} ms`,
      );
      for (const { steps, playing } of pauses) {
        expect(playing).toBe(false);
        // Those on their way when it was asked; of 2000.
        expect(steps).toBeLessThan(200);
      }
      await page.close();
    });
  });

  describe('an exercise', () => {
    const write = async (page: Page, source: string): Promise<string> => {
      await page.locator('[data-act=plain]').check();
      await page.locator('textarea.plain-code').fill(source);
      await page.locator('[data-act=check]').click();
      await page.locator('[data-act=check]:not([disabled])').waitFor();
      return page.locator('.grade').innerText();
    };

    it('is graded, hinted, solved, and kept; the solution is shown after three tries', async () => {
      const { page, complaints } = await lab.open('#l=4');
      expect(await page.locator('.solution').count()).toBe(0);
      expect(await write(page, cliffExercise.starter)).toMatch(/not yet/);
      expect(await write(page, `${cliffExercise.mistakes[1].source}\nexport const threshold = 1;`)).toContain(
        'The root is missing',
      );
      expect(await write(page, 'export const threshold: number = ;')).toMatch(
        /not TypeScript yet: Unexpected token/,
      );
      await page.locator('.solution').waitFor();
      expect(await write(page, cliffExercise.reference)).toMatch(/All of it is right/);
      await page.reload();
      await page.locator('[data-solved]').waitFor();
      expect(await page.locator('.lessons a[aria-current]').getAttribute('data-done')).toBe('true');
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('ends what does not end, and code that was kept does not run by itself', async () => {
      const { page } = await lab.open('#l=4', lab.file, {});
      for (const source of [
        'while (true);',
        'export function descend() { for (;;); }',
        'export const descend = () => new Promise(() => {});',
      ])
        expect(await write(page, source), source).toMatch(/did not finish within 2 s/);
      await write(page, 'while (true);');
      await page.reload();
      await page.locator('h1').waitFor();
      expect(await page.locator('textarea.plain-code').inputValue()).toBe('while (true);');
      expect(await page.locator('.grade').innerText()).toMatch(/^What will be checked/);
      await page.close();
    });

    it.each(['file', 'served'] as const)('reaches nothing outside its sandbox (%s)', async (kind) => {
      const { page } = await lab.open('#l=4', lab[kind]);
      const there = lab.elsewhere;
      const before = lab.knocks();
      const told = await write(
        page,
        `const tries: Record<string, () => unknown> = {
  fetch: () => fetch('http://${there}/'),
  own: () => fetch('${lab.served}shell.js'),
  module: () => new Function('return import("http://${there}/x.js")')(),
  scripts: () => (self as any).importScripts('http://${there}/x.js'),
  ownScripts: () => (self as any).importScripts('${lab.served}shell.js'),
  socket: () => new Promise((resolve, reject) => { const s = new WebSocket('ws://${there}/'); s.onopen = resolve; s.onerror = () => reject(new Error('refused')); }),
  request: () => { const r = new XMLHttpRequest(); r.open('GET', 'http://${there}/', false); r.send(); return r.status; },
  events: () => new Promise((resolve, reject) => { const e = new EventSource('http://${there}/'); e.onopen = resolve; e.onerror = () => reject(new Error('refused')); }),
  worker: () => new Promise((resolve, reject) => { const w = new Worker('http://${there}/x.js'); w.onmessage = resolve; w.onerror = () => reject(new Error('refused')); }),
  parent: () => (self as any).parent.document.title,
  page: () => document.title,
  storage: () => localStorage.length,
  database: () => new Promise((resolve, reject) => { const q = indexedDB.open('x'); q.onsuccess = resolve; q.onerror = () => reject(q.error); }),
  caches: () => (self as any).caches.open('x'),
};
export async function descend() {
  const reached: string[] = [];
  for (const [name, attempt] of Object.entries(tries)) {
    try { await attempt(); reached.push(name); } catch { /* refused */ }
  }
  return 'reached: ' + (reached.join(', ') || 'nothing');
}`,
      );
      expect(told).toContain('gave "reached: nothing"');
      expect(lab.knocks()).toBe(before);
      await page.close();
    });
  });

  it('works the same from a server, under its policy', async () => {
    const { page, complaints } = await lab.open('#l=4&t=10', lab.served);
    await eventually(() => page.locator('.position output').innerText()).toBe('10');
    expect(await page.locator('.problem').count()).toBe(0);
    await page.locator('textarea.plain-code').focus();
    await page.locator('.cm-content').waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('is an element of other pages', async () => {
    const { page, complaints } = await lab.open('embed.html', lab.served);
    await page.locator('[data-handle=start]').waitFor();
    expect(await page.locator('[data-handle=start]').getAttribute('aria-valuetext')).toBe('w 6, b -2.8');
    expect(await page.locator('lab-exercise, lab-quiz, [data-control=zoom]').count()).toBe(0);
    await page.evaluate(() => document.querySelector('tamegrad-lab')!.setAttribute('hide', 'c'));
    await page.locator('lab-quiz').waitFor();
    expect(await page.locator('[data-control=c]').count()).toBe(0);
    expect(await page.evaluate(() => location.hash)).toBe('');
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('is an element of pages from elsewhere, whose policy may forbid exercises, which is said', async () => {
    const page = await browser.newPage({ reducedMotion: 'reduce' });
    await page.goto(lab.blog);
    await page.locator('li', { hasText: 'colour is not a setting of this lesson' }).waitFor();
    await page.locator('[data-act=step]').click();
    await eventually(() => page.locator('.position output').innerText()).toBe('1');
    await page.locator('[data-act=check]').click();
    await page.locator('.grade', { hasText: "the policy of this page must allow 'unsafe-inline'" }).waitFor();
    await page.close();
  });

  it('presents: keys go on, back and to the next lesson, and controls are hidden by name', async () => {
    const { page } = await lab.open('#l=4&p=1&hide=code,lr');
    expect(await page.locator('lab-exercise, [data-control=lr]').count()).toBe(0);
    await page.locator('.hide-panel summary').click();
    await page.locator('[data-hide=lr]').check();
    await page.locator('[data-control=lr]').waitFor();
    expect(parseLink(await hash(page)).hide).toEqual(['code']);
    await page.keyboard.press('Escape');
    await page.locator('h1').focus();
    const scrolled: number[] = [];
    for (const key of ['PageDown', 'PageDown', 'PageUp']) {
      await page.keyboard.press(key);
      scrolled.push(await page.evaluate(() => scrollY));
    }
    expect(scrolled[0]).toBeGreaterThan(0);
    expect(scrolled[1]).toBeGreaterThan(scrolled[0]);
    expect(scrolled[2]).toBeLessThan(scrolled[1]);
    await page.close();
  });

  it('prints all questions, with a key that the engine makes', async () => {
    const { page, complaints } = await lab.open('#sheet=1');
    await page.locator('.asked').first().waitFor();
    expect(await page.locator('.asked > li').count()).toBe(3 * lessons.length);
    expect(await page.locator('.answer-key').count()).toBe(0);
    await page.locator('[data-act=key]').click();
    await eventually(() => page.locator('.answer-key ol').count()).toBe(lessons.length);
    expect(await page.locator('.answer-key').innerText()).toMatch(/The unit is saturated/);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('hands progress over as a file, and says what is wrong with one', async () => {
    const { page } = await lab.open('#l=4');
    await page.locator('[data-act=plain]').check();
    await page.locator('textarea.plain-code').fill('// mine');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('[data-act=export]').click(),
    ]);
    const file = await download.path();
    await page.locator('textarea.plain-code').fill('// other');
    await page.locator('[data-act=import]').setInputFiles(file);
    await eventually(() => page.locator('textarea.plain-code').inputValue()).toBe('// mine');
    await page
      .locator('[data-act=import]')
      .setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('{}') });
    await page
      .locator('[data-complaints]', { hasText: 'x.json: this file is not progress of the lab' })
      .waitFor();
    await page.close();
  });
});
