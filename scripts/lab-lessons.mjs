/** Finds the lessons of the lab, a folder each, and turns them into modules: no other file knows one by name. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Marked } from 'marked';
import temml from 'temml';

/** The parts of lesson.md below its head, in the order of the page, and what the page calls them. */
const PARTS = { 'Try this': 'tryThis', Why: 'explanation', Exercise: 'exercise', Source: 'source' };
const FILES = ['lesson.md', 'session.ts', 'widget.ts', 'exercise.ts', 'quiz.ts'];

/** The lessons' folders `NN-name`, in order. Throws an Error that names a file that is missing. */
export function findLessons(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => lessonIn(join(folder, name)))
    .toSorted((a, b) => a.number - b.number);
}

/** What a folder holds. */
export function lessonIn(folder) {
  const [, number, name] = /^(\d\d)-([a-z][a-z-]*)$/.exec(basename(folder)) ?? [];
  if (!name) throw new Error(`lab: the folder of a lesson is named NN-name, got ${basename(folder)}`);
  for (const file of FILES) {
    if (!existsSync(join(folder, file))) throw new Error(`lab: lesson ${basename(folder)} has no ${file}`);
  }
  const text = parseLesson(readFileSync(join(folder, 'lesson.md'), 'utf8'), basename(folder));
  return { folder, number: Number(number), name, text };
}

/** lesson.md as data: its head, and HTML of its parts. Throws an Error that says what is missing. */
export function parseLesson(markdown, name = 'lesson.md') {
  const fail = (what) => {
    throw new Error(`lab: ${name}: ${what}`);
  };
  const [, head, body] =
    /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(markdown) ?? fail('it has no head between ---');
  const said = Object.fromEntries(
    head
      .split('\n')
      .map(
        (line) =>
          /^(\w+):\s*(.*)$/.exec(line)?.slice(1) ??
          fail(`the head has a line that is no "key: value": ${line}`),
      ),
  );
  const { title, lead, claims = '', ...rest } = said;
  if (!title || !lead) fail('its head must have title and lead');
  if (Object.keys(rest).length > 0)
    fail(`its head may have title, lead and claims, not ${Object.keys(rest).join(', ')}`);
  const sections = body.split(/^## /m).slice(1);
  const parts = Object.fromEntries(
    sections.map((section) => {
      const [heading, ...lines] = section.split('\n');
      const key =
        PARTS[heading.trim()] ??
        fail(`a part is called ${heading.trim()}; the parts are ${Object.keys(PARTS).join(', ')}`);
      return [key, render(lines.join('\n').trim())];
    }),
  );
  for (const [heading, key] of Object.entries(PARTS)) if (!parts[key]) fail(`it has no part ${heading}`);
  return {
    title,
    lead,
    claims: claims
      .split(',')
      .map((id) => id.trim())
      .filter(Boolean),
    ...parts,
  };
}

/** Markdown with formulas between $ and $$, as HTML and MathML. */
export function render(markdown) {
  const formulas = [];
  const marked = new Marked({ gfm: true });
  const keep = (source, displayMode) => {
    formulas.push(temml.renderToString(source.trim(), { displayMode, throwOnError: true }));
    return `\u27e6${formulas.length - 1}\u27e7`;
  };
  const text = markdown
    .replace(/\$\$([\s\S]+?)\$\$/g, (_, source) => keep(source, true))
    .replace(/\$([^$\n]+?)\$/g, (_, source) => keep(source, false));
  return marked.parse(text).replace(/\u27e6(\d+)\u27e7/g, (_, k) => formulas[Number(k)]);
}

/** An esbuild plugin that gives `lab:lessons`, `lab:sessions` and each lesson of a folder. */
export function lessonPlugin(folder) {
  return {
    name: 'lessons',
    setup(build) {
      build.onResolve({ filter: /^lab:/ }, ({ path }) => ({ path, namespace: 'lab' }));
      build.onLoad({ filter: /.*/, namespace: 'lab' }, ({ path }) => {
        const lessons = findLessons(folder);
        return {
          contents: contentsOf(path, lessons),
          resolveDir: folder,
          watchDirs: [folder],
        };
      });
    },
  };
}

function contentsOf(path, lessons) {
  if (path === 'lab:lessons') {
    const entries = lessons.map(
      ({ folder, number, name, text }) =>
        `{ number: ${number}, name: ${JSON.stringify(name)}, title: ${JSON.stringify(text.title)}, load: () => import(${JSON.stringify(`lab:lesson/${basename(folder)}`)}) }`,
    );
    return `export const lessons = [${entries.join(', ')}];`;
  }
  if (path === 'lab:sessions') {
    const entries = lessons.map(
      ({ folder, name }) =>
        `${JSON.stringify(name)}: () => import(${JSON.stringify(join(folder, 'session.ts'))})`,
    );
    return `export const sessions = { ${entries.join(', ')} };`;
  }
  const lesson = lessons.find(({ folder }) => path === `lab:lesson/${basename(folder)}`);
  const from = (file) => JSON.stringify(join(lesson.folder, file));
  return `export { default as widget } from ${from('widget.ts')};
export { default as exercise } from ${from('exercise.ts')};
export { default as quiz } from ${from('quiz.ts')};
export const text = ${JSON.stringify(lesson.text)};`;
}
