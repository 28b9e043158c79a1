/**
 * Module: the base of everything that owns parameters. It finds them by walking fields, names them by their path,
 * and saves and loads them. Separate from the layers because it knows no mathematics.
 */

import { Parameter, type Variable } from '../autograd/index.js';
import { formatShape, longLived, sameShape, Tensor } from '../tensor/index.js';

/** What a layer's forward takes: a Variable, or a Tensor through which no gradient flows. */
export type LayerInput = Variable | Tensor;

/** Named tensors: what `stateDict` gives and `loadStateDict` takes. */
export type StateDict = Readonly<Record<string, Tensor>>;

/**
 * A part of a model that owns parameters: subclass it, put Parameters and Modules into fields, write `forward`.
 *
 * Fields that hold a Parameter, a Module, or an array of these are walked in the order in which they were set, and
 * a parameter's name is its path: `rnn.weightHh`, `layers.0.weight`. Private `#fields`, Maps, Sets and plain objects
 * are not walked; override `children` where a module keeps its parts there. Where it does not, a part that is found in
 * a Map, Set, plain object or array of arrays and nowhere else is an Error; in a `#field` nobody sees it.
 */
export abstract class Module {
  #training = true;

  /** Whether the module is in training mode; layers such as dropout behave differently outside it. */
  get training(): boolean {
    return this.#training;
  }

  /** The direct parts and their names: what every walk over the model visits. */
  protected *children(): Iterable<readonly [name: string, part: Module | Parameter]> {
    for (const [field, value] of Object.entries(this)) {
      if (isPart(value)) yield [field, value];
      if (!Array.isArray(value)) continue;
      for (const [i, item] of value.entries()) if (isPart(item)) yield [`${field}.${i}`, item];
    }
  }

  /**
   * Every parameter by its path, in field order; one that is reached twice (tied weights) is listed once, under its
   * first path. Also writes the path to `parameter.name`, unless that already holds a deeper one: walking a layer
   * by itself does not shorten the name that the whole model gave.
   */
  namedParameters(): ReadonlyMap<string, Parameter> {
    const found = new Map<Parameter, string>();
    const modules = new Set<Module>();
    this.#visit('', modules, (path, part) => {
      if (part instanceof Parameter && !found.has(part)) found.set(part, path);
    });
    for (const module of modules) {
      if (module.children === Module.prototype.children) checkFields(module, modules, found);
    }
    for (const [parameter, path] of found) {
      if (depth(path) >= depth(parameter.name)) parameter.name = path;
    }
    return new Map([...found].map(([parameter, path]) => [path, parameter]));
  }

  /** Every parameter once, in field order, each with its path in `name`: what an optimizer takes. */
  parameters(): Parameter[] {
    return [...this.namedParameters().values()];
  }

  /** Sets training mode here and in every part; it does not change whether graphs are recorded (`noGrad` does). */
  train(mode = true): this {
    this.#visit('', new Set(), (_, part) => {
      if (part instanceof Module) part.#training = mode;
    });
    return this;
  }

  /** The same as `train(false)`. */
  eval(): this {
    return this.train(false);
  }

  /** Copies of all parameters by path, long-lived; tied weights appear once. */
  stateDict(): Record<string, Tensor> {
    return longLived(() =>
      Object.fromEntries([...this.namedParameters()].map(([name, { value }]) => [name, value.copy()])),
    );
  }

  /**
   * Copies tensors into the parameters of the same names, converting dtype and backend. Throws an Error that names
   * every missing, unknown and misshapen tensor; all is checked before any parameter changes.
   */
  loadStateDict(state: StateDict): void {
    const parameters = this.namedParameters();
    const problems = mismatches(parameters, state);
    if (problems.length > 0) {
      throw new Error(
        `loadStateDict: the state must fit the model, got ${problems.join('; ')}; nothing was loaded: build the model with the settings that the state was saved with`,
      );
    }
    const sources = [...parameters].map(([name, parameter]) => {
      const { dtype, backend } = parameter.value;
      state[name].view(); // throws for a tensor that its scope has released
      return [parameter, state[name].to(dtype, backend)] as const;
    });
    for (const [parameter, source] of sources) parameter.assign(source);
  }

  /** Calls `visit` for this module and every part below it, each module once, so that cycles end. */
  #visit(prefix: string, seen: Set<Module>, visit: (path: string, part: Module | Parameter) => void): void {
    if (seen.has(this)) return;
    seen.add(this);
    visit(prefix, this);
    for (const [name, part] of this.children()) {
      const path = prefix === '' ? name : `${prefix}.${name}`;
      if (part instanceof Module) part.#visit(path, seen, visit);
      else visit(path, part);
    }
  }
}

function isPart(value: unknown): value is Module | Parameter {
  return value instanceof Module || value instanceof Parameter;
}

/** Throws where a field holds a part in what is not walked, and the walk found it nowhere else. */
function checkFields(
  module: Module,
  modules: ReadonlySet<unknown>,
  parameters: ReadonlyMap<unknown, string>,
): void {
  for (const [field, value] of Object.entries(module)) {
    const [kind, items] = hiddenIn(value);
    if (!items.some((item) => isPart(item) && !modules.has(item) && !parameters.has(item))) continue;
    throw new Error(
      `${module.constructor.name}: Parameters and Modules must stand in fields or arrays, got ${kind} in '${field}'; use an array, or override children`,
    );
  }
}

/** What lies in a field's value where no walk goes: in a Map, a Set, a plain object, an array of arrays. */
function hiddenIn(value: unknown): readonly [kind: string, items: readonly unknown[]] {
  if (Array.isArray(value)) return ['an array of arrays', value.filter(Array.isArray).flat()];
  if (value instanceof Map) return ['a Map', [...value.values()]];
  if (value instanceof Set) return ['a Set', [...value]];
  const isPlain =
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return ['a plain object', isPlain ? Object.values(value) : []];
}

/** Number of names in a path; 1 for the empty one, which every path may replace. */
function depth(path: string): number {
  return path.split('.').length;
}

/** What keeps a state from fitting, one phrase for each kind of trouble. */
function mismatches(parameters: ReadonlyMap<string, Parameter>, state: StateDict): string[] {
  const names = [...parameters.keys()];
  const present = names.filter((name) => Object.hasOwn(state, name));
  const missing = names.filter((name) => !Object.hasOwn(state, name)).map(quote);
  const extra = Object.keys(state)
    .filter((name) => !parameters.has(name))
    .map(quote);
  const foreign = present.filter((name) => !(state[name] instanceof Tensor)).map(quote);
  const misshapen = present
    .filter((name) => state[name] instanceof Tensor)
    .map((name) => [name, state[name].shape, parameters.get(name)!.shape] as const)
    .filter(([, got, want]) => !sameShape(got, want))
    .map(([name, got, want]) => `'${name}' ${formatShape(got)} for ${formatShape(want)}`);
  return [
    phrase('no', missing),
    phrase('unknown', extra),
    phrase('no Tensor at', foreign),
    phrase('wrong shapes', misshapen),
  ].filter((text) => text !== '');
}

/** A name as messages show it. */
export function quote(name: string): string {
  return `'${name}'`;
}

const SHOWN = 8;

/** A list as part of a one-line message: the first few, and how many more. */
export function phrase(what: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  const more = items.length > SHOWN ? ` and ${items.length - SHOWN} more` : '';
  return `${what} ${items.slice(0, SHOWN).join(', ')}${more}`;
}
