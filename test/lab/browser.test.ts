/**
 * The lab in headless Chromium: one browser, one tab, one build for all. What each lesson's widget does is driven by
 * `widgets/NN-name.ts`; a lesson without one fails. Without Chromium the tests are skipped, but fail where CI is true.
 */

import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { linkOf } from '../../cli/commands/demo/link.js';
import { cliff } from '../../demos/cliff/cliff.js';
import { compare } from '../../demos/compare.js';
import type { DemoConfig } from '../../demos/demo.js';
import { parseLink } from '../../lab/core/link.js';
import cliffExercise from '../../lab/lessons/04-cliff/exercise.js';
import { violations } from '../browser/axe.js';
import { launch, missing } from '../browser/chromium.js';
import { clientHere, found } from './in-node.js';
import { LabPage, type Offered, offerLab } from './pages.js';

const skipped = missing !== null && process.env.CI !== 'true';
if (skipped) console.warn(`test/lab: skipped, ${missing}`);

let offered: Offered;
beforeAll(async () => {
  offered = await offerLab();
});
afterAll(() => offered?.close());

const lessons = found.filter(({ number }) => number < 99);

describe('what is built', () => {
  /** Gzipped kB of a served script and of all that it imports at once. */
  function closure(entry: RegExp, seen = new Set<string>()): number {
    const visit = (name: string): void => {
      if (seen.has(name)) return;
      seen.add(name);
      const text = Buffer.from(offered.files.get(name)!).toString();
      for (const [, next] of text.matchAll(/(?:from|import)"\.\/([^"]+)"/g)) visit(`lab/${next}`);
    };
    for (const name of offered.files.keys()) if (entry.test(name)) visit(name);
    return [...seen].reduce((sum, name) => sum + gzipSync(offered.files.get(name)!).length / 1000, 0);
  }

  it('is small: one file under 800 kB; gzipped, shell and a lesson under 60 kB, engine and a session under 110 kB', () => {
    const oneFile = offered.files.get('lab.html')!.length / 1000;
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

/** What drives the widget of each lesson. */
const drives = await Promise.all(
  lessons.map(async ({ folder }) => {
    const file = new URL(`./widgets/${basename(folder)}.ts`, import.meta.url);
    if (!existsSync(fileURLToPath(file))) return null;
    return ((await import(/* @vite-ignore */ file.href)) as { default(lab: () => LabPage): void }).default;
  }),
);

describe.skipIf(skipped)('in Chromium', () => {
  let browser: Browser;
  let lab: LabPage;
  beforeAll(async () => {
    browser = await launch();
    lab = await LabPage.in(browser, offered);
  });
  afterAll(() => browser?.close());
  // Whatever a test does, the page stays silent and asks for nothing.
  afterEach(() => expect(lab.complaints.splice(0)).toEqual([]));

  describe.each(lessons.map((lesson, k) => [lesson.number, lesson.text.title, drives[k]] as const))(
    'lesson %i',
    (number, title, drive) => {
      it('has a heading, a widget, an exercise and questions, and can be used by everyone', async () => {
        const { page } = lab;
        await lab.show(`#l=${number}`);
        await page.locator('h1', { hasText: title }).waitFor();
        await page.locator('.stage-card :is(svg, canvas, table)').first().waitFor();
        expect(await page.locator('lab-exercise textarea').count()).toBe(1);
        expect(await page.locator('lab-quiz form').count()).toBe(3);
        expect(await page.locator('.problem').count()).toBe(0);
        expect(await page.locator('[aria-live]').count()).toBe(1);

        // axe finds nothing and nothing hangs out. Contrasts differ by colour scheme and all else by width, so that two
        // looks are four; presented, letters are larger and more stands there, in the same colours.
        const look = async (colorScheme: 'light' | 'dark', width: number, rules: object = {}) => {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          await page.setViewportSize({ width, height: 800 });
          expect(await violations(page, { rules }), `${colorScheme} ${width}`).toEqual([]);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          expect(wide, `${colorScheme} ${width}`).toBeLessThanOrEqual(width);
        };
        await look('dark', 360);
        await look('light', 1280);
        await page.locator('[data-act=present]').click();
        await page.locator('.hide-panel').waitFor();
        await look('light', 1280, { 'color-contrast': { enabled: false } });
        await page.locator('[data-act=present]').click();
      });

      describe('its widget', () => {
        if (drive) drive(() => lab);
        else it('is driven', () => expect.fail(`test/lab/widgets has no file for lesson ${number}`));
      });
    },
  );

  it('says what it shows: one polite region, with the words of the widget', async () => {
    await lab.show('#l=4&t=40');
    await lab.says(/Clipped: after 40 steps the error is/);
  });

  it('does not listen to a widget that the reader has left', async () => {
    await lab.show('#l=4&c=6&t=5');
    await lab.page.evaluate(() => {
      const left = document
        .querySelector('tamegrad-lab')!
        .shadowRoot!.querySelector('.stage-card > *') as unknown as {
        host: { say(words: string): void; changed(changes: object): void; failed(why: string): void };
      };
      Object.assign(globalThis, { left });
    });
    await lab.show('#l=2&T=50');
    await lab.page.evaluate(() => {
      const { host } = (globalThis as never as { left: { host: Record<string, (told: unknown) => void> } })
        .left;
      host.say('The cliff again.');
      host.changed({ w: 4 });
      host.failed('nothing');
    });
    await lab.says(/the first of 50 layers/);
    expect(Object.keys(await lab.settings())).toEqual(['T']);
    expect(await lab.locator('.problem').count()).toBe(0);
  });

  describe('links', () => {
    const silent = { begin() {}, step() {}, end() {} };

    it('made in Node open at their step with the same bits, and say so where the bits are others', async () => {
      const config: DemoConfig = {
        ...{ seed: 1, steps: 60, lr: 0.1, optimizer: 'sgd', backend: 'simd' },
        clips: ['none', 'norm:1'],
        own: { start: '5,-2.3' },
      };
      const { outcomes } = await compare(cliff, config, silent);
      const compared = lab.locator('[data-compared]');
      const links = outcomes.map((outcome) => linkOf(cliff, config, outcome)!);
      for (const link of links) {
        await lab.show(link);
        expect(await compared.innerText()).toMatch(/^Step 60: same bits as the sender's/);
      }
      await lab.show(links[1].replace(/h=\w{8}/, 'h=00000000'));
      expect(await compared.innerText()).toMatch(
        /^Step 60: other bits than the sender's\. Here \w{8}, \w{8}; there 00000000\.$/,
      );
    });

    it('made in the page lead to the same bits in Node', async () => {
      await lab.show('#l=4&w=5.2&b=-2.4&t=25');
      await lab.eventually(() => lab.locator('.position output').innerText()).toBe('25');
      // Both runs stand there once the link has both digests.
      await lab
        .eventually(async () => {
          await lab.locator('[data-act=link]').click();
          return parseLink(await lab.hash()).digests.length;
        })
        .toBe(2);
      const { at, digests, rest } = parseLink(await lab.hash());
      expect([at, rest.get('w')]).toEqual([25, '5.2']);
      const run = clientHere()
        .session('cliff')
        .open('descent' as never, { w: 5.2, b: -2.4, lr: 0.1, c: 1, steps: 2000 } as never, () => {});
      await run.seek(25);
      expect(run.digest!.slice(0, 8)).toBe(digests[1]);
    });

    it('tell what they cannot use', async () => {
      await lab.show('#l=4&colour=red&c=-1');
      expect(await lab.locator('[data-complaints] li').allInnerTexts()).toEqual([
        'colour is not a setting of this lesson (it has w, b, c, lr, zoom)',
        'c=-1: Threshold c must be a number from 0.01 to 100',
      ]);
      await lab.show('#l=77');
      await lab.locator('li', { hasText: 'there is no lesson 77' }).waitFor();
    });
  });

  it('pauses a run after the step under way', async () => {
    await lab.show('#l=4');
    await lab.locator('[data-act=play]').click();
    await lab.locator('[data-act=play]', { hasText: 'Pause' }).waitFor();
    const pauses = await lab.page.evaluate(async () => {
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
      await Promise.all(runs.map((run) => run.pause()));
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
  });

  describe('an exercise', () => {
    it('is graded, hinted, solved, and kept; the solution is shown after three tries', async () => {
      const { page } = lab;
      await lab.show('#l=4&c=2');
      expect(await lab.locator('.solution').count()).toBe(0);
      expect(await lab.check(cliffExercise.starter.replace('100', '1'))).toMatch(/not yet/);
      expect(await lab.check(`${cliffExercise.mistakes[1].source}\nexport const threshold = 1;`)).toContain(
        'The root is missing',
      );
      expect(await lab.check('export const threshold: number = ;')).toMatch(
        /not TypeScript yet: Unexpected token/,
      );
      await lab.locator('.solution').waitFor();
      expect(await lab.check(cliffExercise.reference)).toMatch(/All of it is right/);
      await page.reload();
      await lab.locator('[data-solved]').waitFor();
      expect(await lab.locator('.lessons a[aria-current]').getAttribute('data-done')).toBe('true');
    });

    it('ends what does not end, and code that was kept does not run by itself', async () => {
      await lab.show('#l=4&c=3');
      expect(await lab.check('export const descend = () => new Promise(() => {});')).toMatch(
        /did not finish within 2 s/,
      );
      // The limit is the exercise's; a loop would burn all of it.
      await lab.page.evaluate(() => {
        const element = document
          .querySelector('tamegrad-lab')!
          .shadowRoot!.querySelector('lab-exercise') as unknown as { exercise: { limit?: number } };
        element.exercise.limit = 50;
      });
      for (const source of ['export function descend() { for (;;); }', 'while (true);'])
        expect(await lab.check(source), source).toMatch(/did not finish within 0.05 s/);
      await lab.page.reload();
      await lab.locator('h1').waitFor();
      expect(await lab.locator('textarea.plain-code').inputValue()).toBe('while (true);');
      expect(await lab.locator('.grade').innerText()).toMatch(/^What will be checked/);
    });

    const attempts = (): string => {
      const there = offered.elsewhere;
      return `const tries: Record<string, () => unknown> = {
  fetch: () => fetch('http://${there}/'),
  own: () => fetch('${offered.served}shell.js'),
  module: () => new Function('return import("http://${there}/x.js")')(),
  scripts: () => (self as any).importScripts('http://${there}/x.js'),
  ownScripts: () => (self as any).importScripts('${offered.served}shell.js'),
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
}`;
    };

    /** Code that tries all ways out is told that it reached nothing, and nobody heard it. */
    const reachesNothing = async (): Promise<void> => {
      const before = offered.knocks();
      expect(await lab.check(attempts())).toContain('gave "reached: nothing"');
      expect(offered.knocks()).toBe(before);
      // Chromium tells of what the policy refused.
      lab.complaints.length = 0;
    };

    it('reaches nothing outside its sandbox', async () => {
      await lab.show('#l=4&c=4');
      await reachesNothing();
    });

    it('works the same from a server, under its policy, and reaches nothing there', async () => {
      await lab.open('#l=4&t=10', offered.served);
      await lab.eventually(() => lab.locator('.position output').innerText()).toBe('10');
      expect(await lab.locator('.problem').count()).toBe(0);
      await lab.locator('textarea.plain-code').focus();
      await lab.locator('.cm-content').waitFor();
      expect(lab.complaints).toEqual([]);
      await reachesNothing();
    });
  });

  it('is an element of other pages', async () => {
    await lab.open('embed.html', offered.served);
    await lab.locator('[data-handle=start]').waitFor();
    expect(await lab.locator('[data-handle=start]').getAttribute('aria-valuetext')).toBe('w 6, b -2.8');
    expect(await lab.locator('lab-exercise, lab-quiz, [data-control=zoom]').count()).toBe(0);
    await lab.page.evaluate(() => document.querySelector('tamegrad-lab')!.setAttribute('hide', 'c'));
    await lab.locator('lab-quiz').waitFor();
    expect(await lab.locator('[data-control=c]').count()).toBe(0);
    expect(await lab.hash()).toBe('');
    await lab.page.evaluate(() => document.querySelector('tamegrad-lab')!.setAttribute('lesson', '5'));
    await lab.locator('[data-handle=gradient]').waitFor();
    // w and b belonged to the lesson before.
    expect(await lab.locator('[data-complaints], [data-act=link]').count()).toBe(0);
  });

  it('is an element of pages from elsewhere, whose policy may forbid exercises, which is said', async () => {
    await lab.page.goto(offered.blog);
    await lab.locator('li', { hasText: 'colour is not a setting of this lesson' }).waitFor();
    await lab.locator('[data-act=step]').click();
    await lab.eventually(() => lab.locator('.position output').innerText()).toBe('1');
    await lab.locator('[data-act=check]').click();
    await lab.locator('.grade', { hasText: "the policy of this page must allow 'unsafe-inline'" }).waitFor();
    lab.complaints.length = 0;
  });

  it('presents: keys go on, back and to the next lesson, and controls are hidden by name', async () => {
    const { page } = lab;
    await lab.show('#l=4&p=1&hide=code,lr');
    expect(await lab.locator('lab-exercise, [data-control=lr]').count()).toBe(0);
    await lab.locator('.hide-panel summary').click();
    await lab.locator('[data-hide=lr]').check();
    await lab.locator('[data-control=lr]').waitFor();
    expect(parseLink(await lab.hash()).hide).toEqual(['code']);
    await page.keyboard.press('Escape');
    await lab.locator('h1').focus();
    const scrolled: number[] = [];
    for (const key of ['PageDown', 'PageDown', 'PageUp']) {
      await page.keyboard.press(key);
      scrolled.push(await page.evaluate(() => scrollY));
      // Behind the title comes the widget, which has the screen for itself.
      if (scrolled.length === 1) expect((await lab.locator('.stage-card').boundingBox())!.y).toBeLessThan(24);
    }
    expect(scrolled[0]).toBeGreaterThan(0);
    expect(scrolled[1]).toBeGreaterThan(scrolled[0]);
    expect(scrolled[2]).toBeLessThan(scrolled[1]);
    await page.evaluate(() => scrollTo(0, 1e6));
    await page.keyboard.press('PageDown');
    await lab.locator('.eyebrow', { hasText: 'Lesson 5' }).waitFor();
  });

  it('prints all questions, with a key that the engine makes', async () => {
    await lab.show('#sheet=1');
    await lab.locator('.asked').first().waitFor();
    expect(await lab.locator('.asked > li').count()).toBe(3 * lessons.length);
    expect(await lab.locator('.answer-key').count()).toBe(0);
    await lab.locator('[data-act=key]').click();
    await lab.eventually(() => lab.locator('.answer-key ol').count()).toBe(lessons.length);
    expect(await lab.locator('.answer-key').innerText()).toMatch(/The unit is saturated/);
  });

  it('hands progress over as a file, and says what is wrong with one', async () => {
    const { page } = lab;
    await lab.show('#l=4&c=5');
    await lab.locator('[data-act=plain]').check();
    await lab.locator('textarea.plain-code').fill('// mine');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      lab.locator('[data-act=export]').click(),
    ]);
    const file = await download.path();
    await lab.locator('textarea.plain-code').fill('// other');
    await lab.locator('[data-act=import]').setInputFiles(file);
    await lab.eventually(() => lab.locator('textarea.plain-code').inputValue()).toBe('// mine');
    await lab
      .locator('[data-act=import]')
      .setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('{}') });
    await lab
      .locator('[data-complaints]', { hasText: 'x.json: this file is not progress of the lab' })
      .waitFor();
  });
});
