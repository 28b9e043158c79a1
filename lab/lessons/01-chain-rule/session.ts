/** A graph built by the engine from an expression, and what its backward pass hands from node to node. */

import * as ops from '../../../src/index.js';
import { type Operand, scope, type Tensor, tensor, type Variable, variable } from '../../../src/index.js';
import { defineSession } from '../../core/session.js';
import { type Graph, type GraphNode, type Kind, parseExpression } from './expression.js';

/** An expression, and a value for each of its variables. */
export interface Asked {
  readonly f: string;
  readonly at: Readonly<Record<string, number>>;
}

/** What one operation hands to one of the nodes that it read. */
export interface Part {
  /** The node that gets it. */
  readonly to: number;
  /** dOutput/dInput of the operation. */
  readonly local: number;
  /** What is handed on: the gradient of the output times `local`. */
  readonly part: number;
  /** What has been collected at that node before. */
  readonly before: number;
  readonly after: number;
  /** How many parts that node has got by now, and how many it gets in all. */
  readonly count: number;
  readonly of: number;
}

/** The operation at a node hands its gradient on. */
export interface Back {
  readonly node: number;
  readonly parts: readonly Part[];
}

/** A graph, forward and backward. */
export interface Trace {
  readonly values: readonly number[];
  /** dL/dNode as `backward` computed it. */
  readonly gradients: readonly number[];
  /** The operations in the order in which the engine goes back through them. */
  readonly back: readonly Back[];
}

/** An order in which gradients come out wrong: parts replace each other, or a node hands on before all have arrived. */
export type Fault = 'overwrite' | 'early';

const EXACT = { dtype: 'float64', backend: 'reference' } as const;

type Apply = (a: Operand, b: Operand) => Variable;
const APPLY: Readonly<Record<Kind, Apply>> = {
  add: ops.add,
  sub: ops.sub,
  mul: ops.mul,
  div: ops.div,
  pow: (a, b) => ops.pow(a, b as number),
  neg: ops.neg,
  tanh: ops.tanh,
  exp: ops.exp,
  log: ops.log,
  relu: ops.relu,
  sigmoid: ops.sigmoid,
};

function apply({ kind, reads }: GraphNode, of: (node: number, place: number) => Operand): Variable {
  const [a, b] = reads.map((read, place) => ('constant' in read ? read.constant : of(read.node, place)));
  return APPLY[kind!](a, b);
}

/** Builds the graph; the Variable of each node. */
function build(graph: Graph, at: Readonly<Record<string, number>>): Variable[] {
  const built: Variable[] = [];
  for (const node of graph)
    built.push(
      node.kind === null ? variable(tensor(at[node.name] ?? 1, EXACT)) : apply(node, (place) => built[place]),
    );
  return built;
}

/** dOutput/dInput of one operation, by the place of the input: its backward rule, asked with a gradient of one. */
function localsOf(node: GraphNode, values: readonly number[]): readonly number[] {
  const leaves = new Map<number, Variable>();
  const output = apply(node, (read, place) => {
    const leaf = variable(tensor(values[read], EXACT));
    leaves.set(place, leaf);
    return leaf;
  });
  output.backward();
  return node.reads.map((_, place) => leaves.get(place)?.grad?.item() ?? Number.NaN);
}

function trace({ f, at }: Asked): Trace {
  const graph = parseExpression(f);
  return scope(() => {
    const built = build(graph, at);
    const values = built.map((node) => node.item());
    const gradients = new Array<number>(graph.length).fill(0);
    const order: number[] = [];
    built.at(-1)!.backward({
      onNode(node: Variable, grad: Tensor) {
        const place = built.indexOf(node);
        gradients[place] = grad.item();
        if (graph[place].kind !== null) order.push(place);
      },
    });
    const readers = new Array<number>(graph.length).fill(0);
    for (const { reads } of graph) for (const read of reads) if ('node' in read) readers[read.node]++;
    const got = new Map<number, { count: number; sum: number }>();
    const back = order.map((place): Back => {
      const locals = localsOf(graph[place], values);
      const parts = graph[place].reads.flatMap((read, k): Part[] => {
        if (!('node' in read)) return [];
        const { count, sum } = got.get(read.node) ?? { count: 0, sum: 0 };
        const part = gradients[place] * locals[k];
        const after = { count: count + 1, sum: count === 0 ? part : sum + part };
        got.set(read.node, after);
        return [
          {
            ...{ to: read.node, local: locals[k], part, before: sum, after: after.sum },
            ...{ count: after.count, of: readers[read.node] },
          },
        ];
      });
      return { node: place, parts };
    });
    return { values, gradients, back };
  });
}

export default defineSession({
  calls: {
    trace,

    /** The difference quotient of the expression by one of its variables: (f(x + h) − f(x − h)) / 2h. */
    slope({ f, at, by }: Asked & { readonly by: string }): number {
      const graph = parseExpression(f);
      const h = 1e-5;
      const valueAt = (x: number): number =>
        scope(() =>
          build(graph, { ...at, [by]: x })
            .at(-1)!
            .item(),
        );
      return (valueAt(at[by] + h) - valueAt(at[by] - h)) / (2 * h);
    },

    /** The gradient of a variable under a backward pass with a fault. */
    faulty({ f, at, by, fault }: Asked & { readonly by: string; readonly fault: Fault }): number {
      const graph = parseExpression(f);
      const { back } = trace({ f, at });
      const collected = new Map<number, number>([[graph.length - 1, 1]]);
      const handed = new Set<number>();
      const handOn = (node: number): void => {
        if (handed.has(node)) return;
        handed.add(node);
        const given = collected.get(node)!;
        for (const { to, local } of back.find((step) => step.node === node)?.parts ?? []) {
          const part = given * local;
          collected.set(to, fault === 'overwrite' ? part : (collected.get(to) ?? 0) + part);
          if (fault === 'early') handOn(to);
        }
      };
      if (fault === 'early') handOn(graph.length - 1);
      else for (const { node } of back) handOn(node);
      return collected.get(graph.findIndex(({ name }) => name === by)) ?? 0;
    },
  },
});
