/**
 * The JSON header of a safetensors file, read more strictly than JSON.parse reads: the format forbids a name that stands
 * twice, of which JSON.parse silently keeps the last, and nests no deeper than an object, an entry and its shape.
 */

import { quoted } from '../tensor/quoted.js';

const DEEPEST = 3;

/** The entries of the header. Throws `problem(…)` for text that is not such a header. */
export function headerEntries(
  text: string,
  problem: (what: string) => Error,
): readonly (readonly [name: string, value: unknown])[] {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (cause) {
    throw problem(`its header is not JSON (${quoted((cause as Error).message, '')})`);
  }
  if (!isObject(header)) throw problem('its header is not a JSON object');
  checkNames(text, problem);
  return Object.entries(header);
}

/** Throws if a name appears twice in one object, or an object is nested too deeply, in text that is JSON. */
function checkNames(text: string, problem: (what: string) => Error): void {
  /** The names of each open object; null for an open array. */
  const open: (Set<string> | null)[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '{' || character === '[') {
      if (open.length === DEEPEST) throw problem(`its header is nested deeper than ${DEEPEST} levels`);
      open.push(character === '{' ? new Set() : null);
    } else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const start = i;
      i = endOfString(text, start);
      if (!isName(text, i + 1)) continue;
      const name = JSON.parse(text.slice(start, i + 1)) as string;
      const names = open[open.length - 1]!;
      if (names.has(name)) throw problem(`${quoted(name)} appears twice in its header`);
      names.add(name);
    }
  }
}

/** The position of the closing quote of a string. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

/** Whether a colon follows. */
function isName(text: string, after: number): boolean {
  let at = after;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++;
  return text[at] === ':';
}

/** Whether a value is an object that is not an array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
