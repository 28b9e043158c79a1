/** Logs of an object a line: JSON, JSON as Python writes it, and Python's own way to print a dict. */

import { type Format, kindOf } from './format.js';
import { numberOf } from './values.js';

type Fields = Readonly<Record<string, unknown>>;
type Path = readonly string[];

/** How deep columns are looked for in nested objects. */
const DEEPEST = 4;
/** Norms of single parameters: an object with a name for each, and no columns. */
const NORMS = 'norms';
/** Numbers that JSON lacks, where a value stands. */
const bareNumber = /(?<=[:,[]\s*)[+-]?(?:nan|inf|infinity)(?=\s*[,}\]])/gi;

/** The format of objects, from the first lines of a log. */
export function jsonLinesOf(lines: readonly string[]): Format {
  const sample = lines.map(fieldsOf).filter((fields) => fields !== null);
  const paths = new Map(sample.flatMap((fields) => pathsIn(fields)).map((path) => [path.join('.'), path]));
  const columns = [...paths].map(([name, path]) => ({
    name,
    kind: kindOf(sample.map((fields) => numberOf(at(fields, path)))),
  }));
  return {
    name: 'JSON lines',
    columns,
    reader: (names, onBroken) => {
      const chosen = names.map((name) => paths.get(name) ?? [name]);
      return (line) => {
        if (line.trim() === '') return null;
        const fields = fieldsOf(line);
        if (fields === null) onBroken(0);
        return fields && chosen.map((path) => at(fields, path));
      };
    },
  };
}

/** The object of a line; null where it holds none. */
function fieldsOf(line: string): Fields | null {
  const value = parsed(line) ?? parsed(likeJson(line));
  return typeof value === 'object' && !Array.isArray(value) ? (value as Fields | null) : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** NaN and ∞ as strings, and of Python's dicts the quotes, truth and None. */
function likeJson(line: string): string {
  const isDict = !line.includes('"');
  const text = isDict
    ? line
        .replaceAll("'", '"')
        .replace(/\b(True|False|None)\b/g, (word) => (word === 'None' ? 'null' : word.toLowerCase()))
    : line;
  return text.replace(bareNumber, (number) => `"${number}"`);
}

/** Where the values of an object are. */
function pathsIn(fields: Fields, start: Path = []): Path[] {
  return Object.entries(fields).flatMap(([key, value]) => {
    const path = [...start, key];
    const isNested = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isNested) return [path];
    return key === NORMS || path.length === DEEPEST ? [] : pathsIn(value as Fields, path);
  });
}

function at(fields: Fields, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Fields | undefined | null)?.[key], fields);
}
