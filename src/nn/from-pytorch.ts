/** The bridge from PyTorch: a state dict under PyTorch's names becomes one under ours. */

import { checkCount, wrongKind } from '../tensor/arguments.js';
import { longLived, Tensor } from '../tensor/index.js';
import { Module, phrase, quote, type StateDict } from './module.js';

/**
 * The tensors of a PyTorch state dict under the names that `model` gives its parameters, for `model.loadStateDict`. The
 * model must have the structure of PyTorch's; then its names are PyTorch's in camel case (`self_attn.in_proj_weight` →
 * `selfAttn.inProjWeight`), except in recurrent layers: `rnn.weight_hh_l0` → `rnn.weightHh`, and in a stack of layers
 * `rnn.weight_hh_l1` → `rnn.layers.1.weightHh`; where our layer has one `bias` it is the sum of PyTorch's two, which only
 * ever act as their sum. Shapes are compared when the result is loaded. Throws an Error that names every tensor that is
 * missing or unknown.
 */
export function fromPyTorch(model: Module, state: StateDict): Record<string, Tensor> {
  checkCount('fromPyTorch', arguments.length, 2);
  checkArguments(model, state);
  const names = [...model.namedParameters().keys(), ...model.namedBuffers().keys()];
  const ours = new Map(names.map((name) => [camelCase(name), name]));
  const sources = new Map([...ours.values()].map((name): [string, string[]] => [name, []]));
  const unknown: string[] = [];
  for (const theirs of Object.keys(state)) {
    const name = candidates(theirs).find((candidate) => ours.has(candidate));
    if (name === undefined) unknown.push(quote(theirs));
    else sources.get(ours.get(name)!)!.push(theirs);
  }
  checkComplete(sources, unknown);
  return longLived(() =>
    Object.fromEntries(
      [...sources].map(([name, theirs]) => [
        name,
        theirs.map((source) => state[source]).reduce((sum, tensor) => sum.add(tensor)),
      ]),
    ),
  );
}

function checkArguments(model: Module, state: StateDict): void {
  if (!(model instanceof Module)) throw wrongKind('fromPyTorch', 'model', 'a Module', model);
  if (typeof state !== 'object' || state === null) {
    throw wrongKind('fromPyTorch', 'the state', 'an object of named Tensors', state);
  }
  for (const [name, value] of Object.entries(state)) {
    if (!(value instanceof Tensor)) throw wrongKind('fromPyTorch', `'${name}'`, 'a Tensor', value);
  }
}

const RECURRENT = /^(.*\.)?(weight|bias)_(ih|hh)_l(\d+)$/;

/** The names, in camel case, that a tensor of PyTorch's may have in our models. */
function candidates(theirs: string): string[] {
  const [, owner = '', kind, side, level] = RECURRENT.exec(theirs) ?? [];
  if (kind === undefined) return [camelCase(theirs)];
  const owners = [`${owner}layers.${level}.`, ...(level === '0' ? [owner] : [])];
  const fields = [`${kind}_${side}`, ...(kind === 'bias' ? ['bias'] : [])];
  return owners.flatMap((prefix) => fields.map((field) => camelCase(prefix + field)));
}

function camelCase(name: string): string {
  return name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Throws unless each of our parameters has one source, or both halves of a sum, and nothing is left over. */
function checkComplete(sources: ReadonlyMap<string, readonly string[]>, unknown: readonly string[]): void {
  const missing: string[] = [];
  const ambiguous: string[] = [];
  for (const [name, theirs] of sources) {
    const halves = theirs.filter((source) => isHalf(source, name));
    const absent = halves.map(otherHalf).filter((half) => !theirs.includes(half));
    if (theirs.length === 0) missing.push(quote(name));
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
    `fromPyTorch: the tensors must fit the model, got ${problems.join('; ')}; build the model as it is in PyTorch, with the same names, and leave out what is no parameter of it`,
  );
}

/** Whether a tensor of PyTorch's is one of two that are added into our one `bias`. */
function isHalf(theirs: string, ours: string): boolean {
  return RECURRENT.exec(theirs)?.[2] === 'bias' && /(^|\.)bias$/.test(ours);
}

function otherHalf(theirs: string): string {
  return theirs.replace(/_(ih|hh)(_l\d+)$/, (_, side: string, level: string) =>
    side === 'ih' ? `_hh${level}` : `_ih${level}`,
  );
}
