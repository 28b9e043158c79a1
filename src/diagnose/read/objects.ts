/** Objects in lines of text: JSON lines, dicts among progress bars, behind time stamps and names of loggers. */

import { parseLoose } from './loose.js';
import { isOfInterest, rankOf } from './names.js';
import type { Table } from './table.js';
import { numbersOf } from './values.js';

/** How deep columns are looked for in nested objects. */
const DEEPEST = 8;
/** Norms of single parameters: an object with a name for each, and no columns. */
const NORMS = 'norms';
/** Objects that are looked for in a line: beyond, it is no line of a log. */
const MOST = 100_000;

type Fields = Readonly<Record<string, unknown>>;

/** Fields of a collector of logs in which the line of a program stands. */
const textField = /^(log|message|msg|line|text|textPayload|MESSAGE)$/;

/** What hears of the objects of a line besides their numbers. */
export interface ObjectListener {
  /** An object that cannot be read. */
  broken(): void;
  /** The text that an object holds instead of numbers. */
  text(text: string): void;
  /** Lists of numbers by name. */
  lists(lists: readonly (readonly [name: string, numbers: readonly unknown[]])[]): void;
}

/** Puts the objects of a line into a table, a row each; returns how many. */
export function readObjects(line: string, number: number, table: Table, listener: ObjectListener): number {
  const start = line.indexOf('{');
  if (start < 0) return 0;
  const whole = start === 0 || line.slice(0, start).trim() === '' ? parsedJson(line) : undefined;
  if (whole !== undefined) return addRow(whole, number, table, listener) ? 1 : 0;
  let rows = 0;
  for (let at = start, i = 0; at >= 0 && i < MOST; i++) {
    const { value, end } = parseLoose(line, at);
    if (value !== undefined && addRow(value, number, table, listener)) rows++;
    else if (value === undefined && line.trimStart().startsWith('{')) listener.broken();
    at = line.indexOf('{', end);
  }
  return rows;
}

/** The object that a line holds; undefined if it holds none. */
export function parsedJson(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Fields)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Whether an object has anything in it that a row could hold. */
function addRow(fields: Fields, line: number, table: Table, listener: ObjectListener): boolean {
  const names = Object.keys(fields);
  const lists = names.flatMap((name) => {
    const value = fields[name];
    return Array.isArray(value) && value.length > 1 && isOfInterest(name) !== null
      ? [[name, value] as const]
      : [];
  });
  if (lists.length > 0) listener.lists(lists);
  const text = names.find((name) => textField.test(name) && typeof fields[name] === 'string');
  if (text !== undefined && !names.some(isJudged)) listener.text(fields[text] as string);
  if (!putFields(fields, '', 0, line, table)) return false;
  table.endRow();
  return true;
}

const isJudged = (name: string): boolean => rankOf(name, 'loss') !== null || rankOf(name, 'norm') !== null;

function putFields(fields: Fields, prefix: string, depth: number, line: number, table: Table): boolean {
  let hasAny = false;
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    if (typeof value === 'object' && value !== null && !(Array.isArray(value) && value.length === 1)) {
      if (Array.isArray(value)) continue;
      if (key === NORMS) table.putNorms(numbersOf(value));
      else if (depth + 1 < DEEPEST)
        hasAny = putFields(value as Fields, `${prefix}${key}.`, depth + 1, line, table) || hasAny;
      continue;
    }
    table.put(table.column(prefix === '' ? key : prefix + key), value, line);
    hasAny = true;
  }
  return hasAny;
}
