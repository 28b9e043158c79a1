/** The rules that the widget shows: what each operation hands on, in letters and in numbers. */

import { formatNumber } from '../../../src/report/index.js';
import type { Graph, GraphNode, Kind } from './expression.js';
import type { Trace } from './session.js';

/** What stands for the gradient that arrives, the inputs and the output. */
interface Letters {
  readonly g: string;
  readonly a: string;
  readonly b: string;
  readonly y: string;
  /** The exponent of a power. */
  readonly n: number;
}

type Rule = (letters: Letters) => string;

/** By operation, what each input gets. */
export const RULES: Readonly<Record<Kind, readonly Rule[]>> = {
  add: [({ g }) => g, ({ g }) => g],
  sub: [({ g }) => g, ({ g }) => `−${g}`],
  mul: [({ g, b }) => `${g} · ${b}`, ({ g, a }) => `${g} · ${a}`],
  div: [({ g, b }) => `${g} / ${b}`, ({ g, a, b }) => `−${g} · ${a} / ${b}²`],
  pow: [({ g, a, b, n }) => `${g} · ${b}${n === 1 ? '' : ` · ${power(a, n - 1)}`}`],
  neg: [({ g }) => `−${g}`],
  tanh: [({ g, y }) => `${g} · (1 − ${y}²)`],
  exp: [({ g, y }) => `${g} · ${y}`],
  log: [({ g, a }) => `${g} / ${a}`],
  relu: [({ g, a }) => `${g} · [${a} > 0]`],
  sigmoid: [({ g, y }) => `${g} · ${y} · (1 − ${y})`],
};

/** With a raised exponent where it is a whole number. */
function power(base: string, n: number): string {
  if (n === 1) return base;
  if (!Number.isInteger(n) || Math.abs(n) > 99) return `${base}^${inside(n)}`;
  return base + [...String(n)].map((digit) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(digit)]).join('');
}

const SIGNS: Readonly<Partial<Record<Kind, string>>> = { add: '+', sub: '−', mul: '·', div: '/' };

/** A number of the graph as a reader sees it. */
export function shown(value: number, digits = 4): string {
  return formatNumber(value, digits).replace('-', '−');
}

/** A number inside a formula: in parentheses where its sign would be read with what stands before it. */
function inside(value: number): string {
  return value < 0 ? `(${shown(value)})` : shown(value);
}

function exponentOf(reads: GraphNode['reads']): number {
  return 'constant' in reads[1] ? reads[1].constant : Number.NaN;
}

/** How a node is computed, in letters: `s · tanh(s)`. */
export function formulaOf(graph: Graph, { kind, reads }: GraphNode): string {
  const names = reads.map((read) => ('node' in read ? graph[read.node].name : inside(read.constant)));
  if (kind === null) return 'given';
  if (kind === 'neg') return `−${names[0]}`;
  if (kind === 'pow') return power(names[0], exponentOf(reads));
  return kind in SIGNS ? names.join(` ${SIGNS[kind]} `) : `${kind}(${names[0]})`;
}

/** How it is computed, in numbers: `2 · (−1)`. */
export function numbersOf(node: GraphNode, values: readonly number[]): string {
  const numbers = node.reads.map((read, place) => {
    const value = 'node' in read ? values[read.node] : read.constant;
    return place === 0 && node.kind !== 'pow' ? shown(value) : inside(value);
  });
  if (node.kind === 'pow') return power(numbers[0], exponentOf(node.reads));
  if (node.kind === 'neg') return `−${inside('node' in node.reads[0] ? values[node.reads[0].node] : 0)}`;
  return node.kind! in SIGNS ? numbers.join(` ${SIGNS[node.kind!]} `) : `${node.kind}(${numbers[0]})`;
}

/** The gradient of a node, in letters: `∂L/∂s`. */
export function gradientOf(graph: Graph, place: number): string {
  return `∂${graph[graph.length - 1].name}/∂${graph[place].name}`;
}

/** What an operation hands to one of its inputs, in letters and in numbers. */
export function ruleOf(
  graph: Graph,
  { values, gradients }: Trace,
  place: number,
  input: number,
): { readonly letters: string; readonly numbers: string } {
  const node = graph[place];
  const rule = RULES[node.kind!][input];
  const name = (k: number): string => {
    const read = node.reads[k];
    return read ? ('node' in read ? graph[read.node].name : inside(read.constant)) : '';
  };
  const value = (k: number): string => {
    const read = node.reads[k];
    return read ? inside('node' in read ? values[read.node] : read.constant) : '';
  };
  const n = node.kind === 'pow' ? exponentOf(node.reads) : 0;
  const numbers = rule({
    g: inside(gradients[place]),
    a: value(0),
    b: value(1),
    y: inside(values[place]),
    n,
  });
  return {
    letters: rule({ g: gradientOf(graph, place), a: name(0), b: name(1), y: node.name, n }),
    numbers: numbers.replace(/^\((−[^()]*)\)$/, '$1'),
  };
}
