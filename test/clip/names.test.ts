/**
 * One rule for the names of what makes a hook: the function says what it does, its first argument what it bounds, and the
 * word of the command line is the function's name in lower case with hyphens, without `clip`, `By` and `Global`.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as clippers from '../../src/clip/clippers.js';
import { clipSpecWords } from '../../src/clip/index.js';
import { addWeightDecay, parseClipSpec, type StepHook } from '../../src/index.js';

const folder = new URL('../../src/clip/', import.meta.url);
const sources = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'));
const makers = { ...clippers, addWeightDecay } as unknown as Readonly<
  Record<string, (first: unknown) => StepHook>
>;

/** Clippers that are known by the name of their paper, and say nothing else. */
const named = ['adaGC', 'autoClip', 'zClip'];
/** What is no bound: a percentile from which the bound is found, a rate. */
const noBound = ['percentile', 'rate'];

/** The declared name of the first argument, and of the type of the second. */
function signatureOf(name: string): { readonly first: string; readonly options: string | undefined } {
  const declared = new RegExp(
    `export function ${name}\\(\\s*(\\w+)[\\s\\S]*?(?:options: ([^=]+) =|\\): \\w+Hook \\{)`,
  );
  const found = sources.map((text) => declared.exec(text)).find((match) => match !== null)!;
  return { first: found[1], options: found[2] };
}

/** The file that declares it. */
const fileOf = (name: string) => readdirSync(folder).find((file) => file === `${kebab(name)}.ts`);
const kebab = (name: string) => name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();

const words = new Map(clipSpecWords().map(({ form, function: made }) => [made, form]));

it('every function that makes a hook has a word, and every word a function', () => {
  expect([...words.keys()].toSorted()).toEqual(Object.keys(makers).toSorted());
  expect(new Set(words.values()).size).toBe(words.size);
});

describe.each(Object.keys(makers))('%s', (name) => {
  const { first, options } = signatureOf(name);
  const [word, amount] = words.get(name)!.split(':');
  const hook = makers[name](amount === undefined ? undefined : Number(amount));

  it('says what it does, or is the name of a paper', () => {
    expect(named.includes(name) || /^(clip|cap|skip|add)[A-Z]/.test(name)).toBe(true);
  });

  it('is the name of its hook and of its file, and its options are called after it', () => {
    expect(hook.name).toBe(name);
    expect(fileOf(name)).toBeDefined();
    const own = `${name[0].toUpperCase()}${name.slice(1)}Options`;
    expect([undefined, own, 'NormClipOptions']).toContain(options?.replace(/^Omit<(\w+),.*$/, '$1').trim());
  });

  it('names its first argument by what it bounds, in signature, errors and settings alike', () => {
    expect(noBound.includes(first) || /^max[A-Z]/.test(first)).toBe(true);
    expect(Object.keys(hook.settings!)[0]).toBe(first);
    expect(() => makers[name]('wrong')).toThrow(`${name}: ${first} must be`);
  });

  it('has the word that follows from its name', () => {
    const short = name.replace(/^clip/, '');
    expect(word).toBe(kebab(short === name ? name : short.replace(/By|Global/g, '')));
  });

  it('may be written as the word or the function, in any case, with and without hyphens', () => {
    const spec = (text: string) => parseClipSpec(amount === undefined ? text : `${text}:${amount}`);
    const forms = [word, name, word.replaceAll('-', ''), word.toUpperCase(), name.toLowerCase()].map(spec);
    for (const { functions, code, threshold, make } of forms) {
      expect([functions, code, threshold]).toEqual([[name], `${name}(${amount ?? ''})`, forms[0].threshold]);
      expect(make().map((made) => made.name)).toEqual([name]);
    }
  });
});
