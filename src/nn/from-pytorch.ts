/** The bridge to and from PyTorch: a state dict under PyTorch's names becomes one under ours, and back. */

import { checkArray, checkCount, checkObject, wrongKind } from '../tensor/arguments.js';
import { longLived, type Shape, Tensor, tensor, zeros } from '../tensor/index.js';
import { Module, phrase, quote } from './module.js';
import { RecurrentStack } from './recurrent-stack.js';

/**
 * The tensors of a PyTorch state dict under the names that `model` gives its parameters, for `model.loadStateDict`. The
 * model must have the structure of PyTorch's; then its names are PyTorch's in camel case (`self_attn.in_proj_weight` →
 * `selfAttn.inProjWeight`), except in recurrent layers: `rnn.weight_hh_l0` → `rnn.weightHh`, and in a stack of layers
 * `rnn.weight_hh_l1` → `rnn.layers.1.weightHh`, and `_reverse` ends the names of what reads backwards in both; where our
 * layer has one `bias` it is the sum of PyTorch's two, which only ever act as their sum. Counters of BatchNorm are int64
 * there, and no Tensors: give `{ ...tensors, ...raw }` of the file. Tied weights may come under one name of theirs or all.
 * Shapes are compared when the result is loaded. Throws an Error that names every tensor that is missing or unknown, and
 * two of one tied weight that differ.
 */
export function fromPyTorch(
  model: Module,
  state: Readonly<Record<string, Tensor | IntegerTensor>>,
): Record<string, Tensor> {
  checkCount('fromPyTorch', arguments.length, 2);
  checkModule('fromPyTorch', model);
  checkObject('fromPyTorch', 'the state', state, 'an object of named Tensors');
  const own = model.stateDict();
  const { sources, doubles } = sourcesIn(
    'fromPyTorch',
    Object.keys(state),
    Object.keys(own),
    model.tiedPaths(),
  );
  for (const [name, twin] of doubles) {
    const [a, b] = [name, twin].map((each) => asTensor(each, state[each]).data());
    if (a.length === b.length && a.every((value, i) => Object.is(value, b[i]))) continue;
    throw new Error(
      `fromPyTorch: ${quote(twin)} and ${quote(name)} are one parameter of the model, got numbers that differ; leave one out, or untie them in the model`,
    );
  }
  return longLived(() =>
    Object.fromEntries(
      [...sources].map(([name, theirs]) => [
        name,
        // A counter that was not given counts from 0.
        theirs.length === 0
          ? zerosLike(own[name])
          : theirs.map((source) => asTensor(source, state[source])).reduce((sum, tensor) => sum.add(tensor)),
      ]),
    ),
  );
}

/** Integers as a file holds them: what `decodeSafetensors` gives as `raw`. */
export interface IntegerTensor {
  readonly dtype: string;
  readonly shape: Shape;
  readonly data: ArrayLike<number | bigint>;
}

/** A whole number as PyTorch keeps it: an int64, for `encodeSafetensors`. */
export interface Counter extends IntegerTensor {
  readonly dtype: 'I64';
  readonly data: BigInt64Array;
}

/** Batches that a BatchNorm has seen: a number of ours, an int64 of PyTorch's, and not in every file. */
const COUNTER = /(^|\.)numBatchesTracked$/;

function asTensor(name: string, value: Tensor | IntegerTensor): Tensor {
  if (value instanceof Tensor) return value;
  if (Object(value) !== value || !Array.isArray(value.shape) || Object(value.data) !== value.data) {
    throw wrongKind('fromPyTorch', quote(name), 'a Tensor', value);
  }
  return tensor(Array.from(value.data, Number), { shape: value.shape });
}

function asCounter(count: Tensor): Counter {
  return { dtype: 'I64', shape: count.shape, data: BigInt64Array.from(Array.from(count.data(), BigInt)) };
}

/**
 * The state of `model` under PyTorch's names, for `encodeSafetensors` and PyTorch's `load_state_dict(strict=True)`: what
 * `fromPyTorch` does, backwards. Names become snake case (`selfAttn.inProjWeight` → `self_attn.in_proj_weight`), and in
 * recurrent layers PyTorch's; counters of BatchNorm become int64. Where our layer has one `bias`, `bias_ih` gets it and
 * `bias_hh` zeros. Tied weights come under each of their names, as in PyTorch. A class in Python that is not named that way is told by `like`: its names, `Object.keys` of a state dict
 * that it saved.
 */
export function toPyTorch(model: Module, like?: readonly string[]): Record<string, Tensor | Counter> {
  checkCount('toPyTorch', arguments.length, 2);
  checkModule('toPyTorch', model);
  if (like !== undefined) checkArray('toPyTorch', 'like', like, 'names');
  const unnamed = like?.find((name) => typeof name !== 'string');
  if (unnamed !== undefined) throw wrongKind('toPyTorch', 'each name of like', 'a string', unnamed);
  const state = model.stateDict();
  const tied = model.tiedPaths();
  const { sources, doubles } = like
    ? sourcesIn('toPyTorch', like, Object.keys(state), tied)
    : namesFor(model, Object.keys(state), tied);
  return longLived(() => {
    const single = [...sources].flatMap(([name, [first, ...others]]) => [
      [first, COUNTER.test(name) ? asCounter(state[name]) : state[name]] as const,
      ...others.map((other) => [other, zerosLike(state[name])] as const),
    ]);
    const found = new Map(single);
    const pairs = [...single, ...doubles.map(([name, twin]) => [name, found.get(twin)!] as const)];
    return Object.fromEntries(like ? pairs.sort(([a], [b]) => like.indexOf(a) - like.indexOf(b)) : pairs);
  });
}

function checkModule(caller: string, model: Module): void {
  if (!(model instanceof Module)) throw wrongKind(caller, 'model', 'a Module', model);
}

function zerosLike({ shape, dtype, backend }: Tensor): Tensor {
  return zeros(shape, { dtype, backend: backend.name });
}

/** PyTorch's names, as nothing but our paths tells them. */
function namesFor(model: Module, names: readonly string[], tied: ReadonlyMap<string, string>): Sources {
  const paths = [...names, ...tied.keys()];
  const theirs = (path: string) => theirNames(model, path, paths);
  return {
    sources: new Map(names.map((name) => [name, theirs(name)])),
    doubles: [...tied].flatMap(([path, first]) => {
      const twins = theirs(first);
      return theirs(path).map((name, i) => [name, twins[i]] as const);
    }),
  };
}

/** PyTorch's names of a tensor of ours; of one bias that is two there, both. */
function theirNames(model: Module, name: string, ours: readonly string[]): readonly string[] {
  const end = name.lastIndexOf('.') + 1;
  const [owner, field] = [name.slice(0, end), name.slice(end)];
  if (!RECURRENT_FIELD.test(field) || !ours.includes(`${owner}weightHh`)) return [snakeCase(name)];
  const [, stack, number] = /^(.*)layers\.(\d+)\.$/.exec(owner) ?? [];
  const isStack = stack !== undefined && partAt(model, stack) instanceof RecurrentStack;
  const [prefix, level] = isStack ? [stack, number] : [owner, '0'];
  const direction = field.endsWith('Reverse') ? '_reverse' : '';
  const own = field.replace(/Reverse$/, '');
  const fields = own === 'bias' ? ['biasIh', 'biasHh'] : [own];
  return fields.map((each) => `${snakeCase(prefix + each)}_l${level}${direction}`);
}

const RECURRENT_FIELD = /^((weight|bias)(Ih|Hh)|bias)(Reverse)?$/;

/** What lies under a path such as `encoder.rnn.`, if fields lead there. */
function partAt(model: Module, path: string): unknown {
  let part: unknown = model;
  for (const field of path.split('.').filter((name) => name !== '')) {
    part = (part as Record<string, unknown> | undefined)?.[field];
  }
  return part;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Which of PyTorch's names make each of ours, and which are a second name of one of those. */
interface Sources {
  /** Of two halves of a bias `ih` is first. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
  readonly doubles: readonly (readonly [name: string, twin: string])[];
}

/** Sorts PyTorch's names under ours, `tied` being further paths of ours. Throws unless all have their place. */
function sourcesIn(
  caller: string,
  state: readonly string[],
  names: readonly string[],
  tied: ReadonlyMap<string, string>,
): Sources {
  const ours = new Map([...tied, ...names.map((name) => [name, name] as const)]);
  const byCamelCase = new Map([...ours].map(([path, name]) => [camelCase(path), name]));
  const sources = new Map(names.map((name): [string, string[]] => [name, []]));
  const doubles: [string, string][] = [];
  /** What was found for each tensor, or half of one, and where. */
  const seen = new Map<string, { readonly theirs: string; readonly path: string }>();
  const unknown: string[] = [];
  for (const theirs of state) {
    const path = candidates(theirs).find((candidate) => byCamelCase.has(candidate));
    if (path === undefined) {
      unknown.push(quote(theirs));
      continue;
    }
    const name = byCamelCase.get(path)!;
    const key = JSON.stringify([name, RECURRENT.exec(theirs)?.[3]]);
    const twin = seen.get(key);
    if (twin && twin.path !== path && tied.size > 0) doubles.push([theirs, twin.theirs]);
    else sources.get(name)!.push(theirs);
    if (!twin) seen.set(key, { theirs, path });
  }
  checkComplete(caller, sources, unknown);
  for (const theirs of sources.values()) theirs.sort().reverse();
  return { sources, doubles };
}

const RECURRENT = /^(.*\.)?(weight|bias)_(ih|hh)_l(\d+)(_reverse)?$/;

/** The names, in camel case, that a tensor of PyTorch's may have in our models. */
function candidates(theirs: string): string[] {
  const [, owner = '', kind, side, level, direction = ''] = RECURRENT.exec(theirs) ?? [];
  if (kind === undefined) return [camelCase(theirs)];
  const owners = [`${owner}layers.${level}.`, ...(level === '0' ? [owner] : [])];
  const fields = [`${kind}_${side}`, ...(kind === 'bias' ? ['bias'] : [])];
  return owners.flatMap((prefix) => fields.map((field) => camelCase(prefix + field + direction)));
}

function camelCase(name: string): string {
  return name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Throws unless each of our parameters has one source, or both halves of a sum, and nothing is left over. */
function checkComplete(
  caller: string,
  sources: ReadonlyMap<string, readonly string[]>,
  unknown: readonly string[],
): void {
  const missing: string[] = [];
  const ambiguous: string[] = [];
  for (const [name, theirs] of sources) {
    const halves = theirs.filter((source) => isHalf(source, name));
    const absent = halves.map(otherHalf).filter((half) => !theirs.includes(half));
    if (theirs.length === 0 && !COUNTER.test(name)) missing.push(quote(name));
    missing.push(...absent.map((half) => `${quote(name)} (with ${quote(half)})`));
    if (theirs.length > Math.max(1, halves.length)) ambiguous.push(quote(name));
  }
  const problems = [
    phrase('nothing for', missing),
    phrase('unknown', unknown),
    phrase('several tensors for', ambiguous),
  ].filter((text) => text !== '');
  if (problems.length === 0) return;
  throw new Error(
    `${caller}: the tensors must fit the model, got ${problems.join('; ')}; build the model as it is in PyTorch, with the same names, and leave out what is not part of it`,
  );
}

/** Whether a tensor of PyTorch's is one of two that are added into our one `bias`. */
function isHalf(theirs: string, ours: string): boolean {
  return RECURRENT.exec(theirs)?.[2] === 'bias' && /(^|\.)bias(Reverse)?$/.test(ours);
}

function otherHalf(theirs: string): string {
  return theirs.replace(/_(ih|hh)(_l\d+(?:_reverse)?)$/, (_, side: string, level: string) =>
    side === 'ih' ? `_hh${level}` : `_ih${level}`,
  );
}
