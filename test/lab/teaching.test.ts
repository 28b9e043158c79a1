/** What docs/teaching.md tells a lecturer to open is there. */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseLink, readSettings } from '../../lab/core/link.js';
import { PARTS } from '../../lab/shell/presenting.js';
import { found, settingsOf } from './in-node.js';

const text = readFileSync(new URL('../../docs/teaching.md', import.meta.url), 'utf8');
const links = [...new Set([...text.matchAll(/#l=[^\s`)"]+/g)].map(([link]) => link))];

it.each(links)('%s names a lesson, its settings and parts of its page', async (link) => {
  const { lesson: number, rest, hide } = parseLink(link);
  const lesson = found.find((each) => each.number === number)!;
  expect(lesson, `lesson ${number}`).toBeDefined();
  const settings = await settingsOf(lesson);
  expect(readSettings(settings, rest).complaints).toEqual([]);
  expect(hide.filter((name) => !(name in PARTS) && !(name in settings))).toEqual([]);
});

it('has something to say of every lesson, under its title', () => {
  const told = [...text.matchAll(/^### (\d+)\. (.+)$/gm)].map(([, number, title]) => [Number(number), title]);
  for (const { number, text } of found.filter((each) => each.number < 99)) {
    expect(told.map(([place]) => place)).toContain(number);
    expect(text.title.replace(/^The /, '').toLowerCase()).toContain(
      String(told.find(([place]) => place === number)![1])
        .replace(/^The /, '')
        .slice(0, 6)
        .toLowerCase(),
    );
  }
});
