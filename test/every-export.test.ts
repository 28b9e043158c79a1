/**
 * Every export of every entry point, and every method of what they make, called with what a beginner may give it: the
 * answer is one line of our own or a result, never an error of JavaScript's. It reads the namespaces, so a new export
 * enters by itself.
 */

import { describe, expect, it } from 'vitest';
import * as diagnosis from '../src/diagnose/index.js';
import * as extending from '../src/extend.js';
import * as library from '../src/index.js';
import {
  BatchNorm1d,
  Dropout,
  Embedding,
  GELU,
  GRU,
  LayerNorm,
  LearnedPositions,
  Linear,
  LSTM,
  ModuleBuffer,
  MultiheadAttention,
  Parameter,
  Random,
  RecurrentStack,
  Residual,
  RNN,
  Sequential,
  TransformerBlock,
  tensor,
  variable,
  zeros,
} from '../src/index.js';
import * as files from '../src/node.js';
import * as report from '../src/report/index.js';
import { drawInputs } from './autograd/samples.js';
import { internal, tolerated } from './every-export.js';

type AnyFunction = (...args: unknown[]) => unknown;

const random = new Random(1);
const place = { random };

/** What may stand where something else is meant; each is made anew, since some calls write into what they are given. */
const wrong: Readonly<Record<string, () => unknown>> = {
  null: () => null,
  undefined: () => undefined,
  'a number': () => 3,
  'a string': () => '/nonexistent/text',
  'an array': () => [1, 2],
  'a nested array': () => [
    [1, 2],
    [3, 4],
  ],
  "a layer's output": () => new RNN(2, 2, place).forward(zeros([1, 1, 2])),
  'a Tensor': () => tensor([1, 2]),
  'a Variable': () => variable(tensor([1, 2])),
  '{ dim: 0 }': () => ({ dim: 0 }),
  'a Promise': () => Promise.resolve(1),
  'a function': () => () => undefined,
};

const natives: readonly unknown[] = [TypeError, ReferenceError, SyntaxError];
const javascript =
  /Cannot (read|destructure|convert|set|mix|use|create)|is not (a function|iterable|a constructor|defined)|undefined is not|null is not|\[object |Invalid (array|typed)/;

/** What a message begins with: the function, or the text that was to be parsed, as the command line shows it. */
const subject = /^([A-Za-z][\w.]*( [\w.]+)?(, [\w ]+)?|clip spec '[^']*'): ./;

/** What is wrong with what a call threw or returned; null if nothing is. */
async function complaint(call: () => unknown): Promise<string | null> {
  try {
    const made = call();
    if (made instanceof Promise) await Promise.race([made, new Promise((done) => setTimeout(done, 200))]);
    return null;
  } catch (error) {
    if (!(error instanceof Error)) return `threw ${String(error)}`;
    const { message } = error;
    if (natives.includes(error.constructor) || javascript.test(message)) return `${error.name}: ${message}`;
    if (message.includes('\n')) return `several lines: ${message}`;
    return subject.test(message) ? null : `names no function: ${message}`;
  }
}

/** Calls with every wrong value in the places 1, 1–2 and 1–3, and with none. */
function wrongCalls(): readonly (readonly [string, () => unknown[]])[] {
  const calls: (readonly [string, () => unknown[]])[] = [['nothing', () => []]];
  for (const [kind, make] of Object.entries(wrong)) {
    for (const count of [1, 2, 3]) {
      calls.push([`${kind} × ${count}`, () => Array.from({ length: count }, make)]);
    }
  }
  return calls;
}

async function complaintsOf(name: string, invoke: (args: readonly unknown[]) => unknown): Promise<string[]> {
  const found: string[] = [];
  for (const [title, args] of wrongCalls()) {
    const problem = await complaint(() => invoke(args()));
    if (problem) found.push(`${name}(${title}) → ${problem}`);
  }
  return found;
}

const namespaces = { library, extending, files, report, diagnosis };
const exported = Object.entries(namespaces).flatMap(([space, names]) =>
  Object.entries(names)
    .filter(([, value]) => typeof value === 'function')
    .map(([name, value]) => [`${space}.${name}`, name, value as AnyFunction] as const),
);

const isClass = (value: AnyFunction) => /^class\b/.test(Function.prototype.toString.call(value));

describe('every export', () => {
  it('is walked', () => {
    expect(exported.length).toBeGreaterThan(150);
    const names = exported.map(([, name]) => name);
    const gone = Object.keys(tolerated).filter((name) => !names.includes(name));
    expect(gone, 'on the list, and exported no longer').toEqual([]);
  });

  it.each(exported)('%s says what is wrong in one line', async (_, name, fn) => {
    const Class = fn as unknown as new (...args: readonly unknown[]) => unknown;
    const found = await complaintsOf(name, (args) => (isClass(fn) ? new Class(...args) : fn(...args)));
    if (name in tolerated) expect(found, `${name} is fine now: strike it off the list`).not.toEqual([]);
    else expect(found).toEqual([]);
  });
});

/** One of each class whose methods are walked; made anew for each call. */
const instances: Readonly<Record<string, () => object>> = {
  Tensor: () => tensor([1, 2]),
  Variable: () => variable(tensor([1, 2])),
  Parameter: () => new Parameter(tensor([1, 2])),
  ModuleBuffer: () => new ModuleBuffer(tensor([1, 2])),
  Random: () => new Random(1),
  Linear: () => new Linear(2, 2, place),
  BatchNorm1d: () => new BatchNorm1d(2),
  Dropout: () => new Dropout(0.5, place),
  Embedding: () => new Embedding(4, 2, place),
  GELU: () => new GELU(),
  GRU: () => new GRU(2, 2, place),
  LSTM: () => new LSTM(2, 2, place),
  RNN: () => new RNN(2, 2, place),
  LayerNorm: () => new LayerNorm(2),
  LearnedPositions: () => new LearnedPositions(2, 2, place),
  MultiheadAttention: () => new MultiheadAttention(2, 1, place),
  TransformerBlock: () => new TransformerBlock(2, 1, place),
  Residual: () => new Residual(new Linear(2, 2, place)),
  Sequential: () => new Sequential(new Linear(2, 2, place)),
  RecurrentStack: () => new RecurrentStack([new RNN(2, 2, place)]),
};

function methodsOf(instance: object): string[] {
  const names = new Set<string>();
  for (let level = instance; level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (typeof value === 'function' && name !== 'constructor' && !internal.includes(name)) names.add(name);
    }
  }
  return [...names];
}

const methods = Object.entries(instances).flatMap(([kind, make]) =>
  methodsOf(make()).map((name) => [`${kind}.${name}`, name, make] as const),
);

describe('every method', () => {
  it.each(methods)('%s says what is wrong in one line', async (title, name, make) => {
    const found = await complaintsOf(title, (args) => {
      const instance = make() as Readonly<Record<string, AnyFunction>>;
      return instance[name](...args);
    });
    expect(found).toEqual([]);
  });
});

type Op = AnyFunction & { readonly rule: Parameters<typeof library.checkOp>[0]['rule'] };
const ops = exported.flatMap(([, name, fn]) =>
  name !== 'defineOp' && 'rule' in fn ? [[name, fn as Op] as const] : [],
);

describe('every op, called right but for one argument', () => {
  const refused = [
    'null',
    'a string',
    'an array',
    'a nested array',
    "a layer's output",
    '{ dim: 0 }',
    'a Promise',
  ];

  it.each(ops)('%s refuses that one, and one too many', async (name, op) => {
    const { rule } = op;
    for (const [k, sample] of rule.samples.entries()) {
      const inputs = (): unknown[] => drawInputs(sample, k, 'float32');
      const right = (operands: unknown[]): unknown[] => [
        ...(rule.arity === null ? [operands] : operands),
        ...(sample.params === undefined ? [] : [sample.params]),
      ];
      expect(() => op(...right(inputs()))).not.toThrow();
      for (const kind of refused) {
        for (let i = 0; i < inputs().length; i++) {
          const call = () => op(...right(inputs().with(i, wrong[kind]())));
          expect(call, `${kind} as operand ${i}`).toThrow();
          expect(await complaint(call)).toBe(null);
        }
      }
      const extra = () => op(...right(inputs()), ...(sample.params === undefined ? [undefined] : []), 7);
      expect(extra).toThrow(`${name}: takes`);
    }
  });
});
