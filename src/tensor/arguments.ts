/**
 * What was given as an argument, and how many: the words for it, and one-line errors that say what to write instead.
 * Every public function uses it before it computes anything.
 */

import { visible } from './quoted.js';

/** Throws an Error if more arguments were given than the function takes. */
export function checkCount(caller: string, given: number, limit: number): void {
  if (given > limit) throw new Error(countMessage(caller, given, limit));
}

/** The same for a list of arguments; those that are undefined do not count. */
export function checkRest(caller: string, args: readonly unknown[], limit: number): void {
  for (let i = limit; i < args.length; i++) {
    if (args[i] !== undefined) throw new Error(countMessage(caller, args.length, limit));
  }
}

function countMessage(caller: string, given: number, limit: number): string {
  const takes = limit === 0 ? 'no arguments' : limit === 1 ? 'one argument' : `at most ${limit} arguments`;
  const remedy =
    limit === 1 && given === 3
      ? `leave out the rest; as the function of a map, write (x) => ${caller}(x)`
      : 'leave out the rest; options are given by name, in one object';
  return `${caller}: takes ${takes}, got ${given}; ${remedy}`;
}

/** The error for an argument of the wrong kind; `wanted` reads `a Tensor or a number`. */
export function wrongKind(caller: string, name: string, wanted: string, got: unknown): Error {
  const advice = remedy(wanted, got);
  return new Error(`${caller}: ${name} must be ${wanted}, got ${kindOf(got)}${advice && `; ${advice}`}`);
}

/** Throws an Error unless a value is a function. */
export function checkFunction(caller: string, name: string, value: unknown): void {
  if (typeof value !== 'function') throw wrongKind(caller, name, 'a function', value);
}

/** Throws an Error unless a value is an array; `wanted` says what of. */
export function checkArray(caller: string, name: string, value: unknown, wanted: string): void {
  if (!Array.isArray(value)) throw wrongKind(caller, name, `an array of ${wanted}`, value);
}

/** Throws an Error unless a value is an object with named parts, as options are; `wanted` says which. */
export function checkObject(caller: string, name: string, value: unknown, wanted: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongKind(caller, name, wanted, value);
  }
}

/** Throws an Error unless a value is a number, NaN and infinities included. */
export function checkNumber(caller: string, name: string, value: unknown): void {
  if (typeof value !== 'number') throw wrongKind(caller, name, 'a number', value);
}

/** Throws an Error unless a value is a string. */
export function checkText(caller: string, name: string, value: unknown): void {
  if (typeof value !== 'string') throw wrongKind(caller, name, 'a string', value);
}

/** Throws an Error unless a value can be walked item by item; a string's letters are not meant. */
export function checkIterable(caller: string, name: string, value: unknown, wanted: string): void {
  if (isObject(value) && typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function') return;
  throw wrongKind(caller, name, `an iterable of ${wanted}`, value);
}

/** Throws an Error unless a value is true or false. */
export function checkFlag(caller: string, name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw wrongKind(caller, name, 'true or false', value);
}

/** The error for an object that JavaScript was asked to take for a number, as in `total += loss`. */
export function notANumber(what: string): Error {
  return new Error(
    `${what}: a ${what} is not a number of JavaScript; write .item() for its only element, or add(), mul() and so on to compute with it`,
  );
}

/** Throws an Error if a function that must be synchronous has returned a Promise, whose failure nobody would see. */
export function checkSynchronous(caller: string, result: unknown, remedy: string): void {
  if (!isThenable(result)) return;
  Promise.resolve(result).catch(() => undefined); // what it does next can only fail; this error says why
  throw new Error(`${caller}: takes a synchronous function, got one that returns a Promise; ${remedy}`);
}

const LONGEST = 40;

/** A value in words: `the string 'sum'`, `an array of arrays`, `a Variable`, `a layer's output`. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value === 'string') return `the string '${shortened(value)}'`;
  if (typeof value === 'function') return value.name ? `the function ${shortened(value.name)}` : 'a function';
  if (typeof value !== 'object') return `the ${typeof value} ${String(value)}`;
  if (Array.isArray(value)) return `an array${value.some(Array.isArray) ? ' of arrays' : ''}`;
  if (isThenable(value)) return 'a Promise';
  if (isLayerOutput(value)) return "a layer's output";
  const name = classOf(value);
  if (name !== '' && name !== 'Object') return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
  const keys = Object.keys(value);
  return keys.length === 0 ? 'an empty object' : `the object { ${shortened(keys.join(', '))} }`;
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return visible(line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line);
}

function classOf(value: object): string {
  const made: unknown = value.constructor;
  return typeof made === 'function' ? made.name.replace(/^_/, '') : '';
}

/** What to write instead, if that can be known. */
function remedy(wanted: string, got: unknown): string {
  const tensorWanted = /\ba(ny)? (Tensor|Variable)/.test(wanted);
  if (isThenable(got)) return 'await it first';
  if (tensorWanted && isLayerOutput(got)) return 'take its .output (all steps) or .last';
  if (tensorWanted && (Array.isArray(got) || ArrayBuffer.isView(got))) {
    return `write ${wanted.startsWith('a Variable') && !wanted.includes('Tensor') ? 'variable(tensor(…))' : 'tensor(…)'} around it`;
  }
  if (isVariable(got)) {
    if (tensorWanted)
      return 'take its .value, or use the function or the method of Variable, which records it';
    if (wanted.includes('number')) return 'write .item() after it';
    return '';
  }
  if (isTensor(got)) {
    if (/\ba Parameter/.test(wanted)) return 'write new Parameter(…) around it';
    if (/\ba Variable/.test(wanted)) return 'write variable(…) around it';
    if (/\barray/.test(wanted)) return 'write [...t.data()] for its numbers';
    if (wanted.includes('number')) return 'write .item() after it';
  }
  return '';
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && typeof value.then === 'function';
}

function isLayerOutput(value: unknown): boolean {
  return isObject(value) && 'stateGrad' in value && 'output' in value;
}

/** Told apart by what they have: this file knows no class, so that every other can import it. */
function isTensor(value: unknown): boolean {
  return isObject(value) && 'dtype' in value && 'gatherRows' in value;
}

function isVariable(value: unknown): boolean {
  return isObject(value) && 'requiresGrad' in value && 'detach' in value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
