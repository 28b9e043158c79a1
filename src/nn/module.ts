/**
 * Module: the base of everything that owns parameters. It finds them by walking fields, names them by their path,
 * and saves and loads them. Separate from the layers because it knows no mathematics.
 */

import { Parameter, Variable } from '../autograd/index.js';
import { checkCount, checkFlag, wrongKind } from '../tensor/arguments.js';
import { inspect } from '../tensor/describe.js';
import { type Backend, type DType, formatShape, longLived, sameShape, Tensor } from '../tensor/index.js';
import { quoted } from '../tensor/quoted.js';
import { checkDType } from '../tensor/view.js';
import { ModuleBuffer } from './buffer.js';
import { type Outline, printOutline } from './outline.js';

/** What a layer's forward takes: a Variable, or a Tensor through which no gradient flows. */
export type LayerInput = Variable | Tensor;

/** What a module is made of: what its walks visit. */
export type ModulePart = Module | Parameter | ModuleBuffer;

/** Named tensors: what `stateDict` gives and `loadStateDict` takes. */
export type StateDict = Readonly<Record<string, Tensor>>;

/**
 * A part of a model that owns parameters: subclass it, put Parameters and Modules into fields, write `forward`.
 *
 * Fields that hold a Parameter, a ModuleBuffer, a Module, or an array of these are walked in the order in which they
 * were set, and a parameter's name is its path: `rnn.weightHh`, `layers.0.weight`. Private `#fields`, Maps, Sets and
 * plain objects are not walked; override `children` if a module keeps its parts there. If it does not, a part that is
 * found in a Map, Set, plain object or array of arrays and nowhere else is an Error, and so is a `variable()` in a
 * field; in a `#field` nobody sees it.
 */
export abstract class Module {
  #training = true;

  constructor() {
    // A layer without a constructor of its own passes its arguments on to this one.
    checkCount(new.target.name, arguments.length, 0);
  }

  /** Whether the module is in training mode; layers such as dropout behave differently outside it. */
  get training(): boolean {
    return this.#training;
  }

  /** The direct parts and their names: what every walk over the model visits. */
  protected *children(): Iterable<readonly [name: string, part: ModulePart]> {
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
    checkCount('Module.namedParameters', arguments.length, 0);
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
    checkCount('Module.parameters', arguments.length, 0);
    return [...this.namedParameters().values()];
  }

  /** Sets training mode here and in every part; it does not change whether graphs are recorded (`noGrad` does). */
  train(mode = true): this {
    checkCount('Module.train', arguments.length, 1);
    checkFlag('Module.train', 'mode', mode);
    this.#visit('', new Set(), (_, part) => {
      if (part instanceof Module) part.#training = mode;
    });
    return this;
  }

  /** The same as `train(false)`. */
  eval(): this {
    checkCount('Module.eval', arguments.length, 0);
    return this.train(false);
  }

  /** Every buffer by its path, in field order, each once: running statistics and the like. */
  namedBuffers(): ReadonlyMap<string, ModuleBuffer> {
    checkCount('Module.namedBuffers', arguments.length, 0);
    const found = new Map<ModuleBuffer, string>();
    this.#visit('', new Set(), (path, part) => {
      if (part instanceof ModuleBuffer && !found.has(part)) found.set(part, path);
    });
    return new Map([...found].map(([buffer, path]) => [path, buffer]));
  }

  /**
   * Freezes every parameter here and in every part: backward computes no gradient for it, so it takes part in no norm and
   * no update. A gradient that it has becomes null. The same as setting `requiresGrad = false` on each.
   */
  freeze(): this {
    checkCount('Module.freeze', arguments.length, 0);
    for (const parameter of this.parameters()) parameter.requiresGrad = false;
    return this;
  }

  /** Undoes `freeze`. */
  unfreeze(): this {
    checkCount('Module.unfreeze', arguments.length, 0);
    for (const parameter of this.parameters()) parameter.requiresGrad = true;
    return this;
  }

  /**
   * Converts every parameter and buffer here and in every part, and moves it to a backend, as `Tensor.to` does;
   * gradients become null. Throws an Error, with nothing changed, if an optimizer has one of the parameters: its state
   * would stay as it is. Convert a model before you make its optimizer.
   */
  to(dtype: DType, on?: Backend | string): this {
    checkCount('Module.to', arguments.length, 2);
    checkDType('Module.to', dtype);
    for (const [name, parameter] of this.namedParameters()) {
      parameter.checkFree('Module.to');
      if (parameter.place === null) continue;
      throw new Error(
        `Module.to: the parameter ${quote(name)} belongs to an optimizer, whose state would stay as it is; release() that first, or convert the model before`,
      );
    }
    const parts = [...this.#state().values()];
    const converted = longLived(() => parts.map(({ value }) => value.to(dtype, on)));
    for (const [i, part] of parts.entries()) if (part.value !== converted[i]) part.become(converted[i]);
    return this;
  }

  /** Copies of all parameters and buffers by path, long-lived; tied weights appear once. */
  stateDict(): Record<string, Tensor> {
    checkCount('Module.stateDict', arguments.length, 0);
    return longLived(() =>
      Object.fromEntries([...this.#state()].map(([name, { value }]) => [name, value.copy()])),
    );
  }

  /** What a state dict holds: the parameters, then the buffers. */
  #state(): ReadonlyMap<string, Parameter | ModuleBuffer> {
    return new Map<string, Parameter | ModuleBuffer>([...this.namedParameters(), ...this.namedBuffers()]);
  }

  /**
   * Copies tensors into the parameters and buffers of the same names, converting dtype and backend. Throws an Error that
   * names every missing, unknown and misshapen tensor; all is checked before anything changes.
   */
  loadStateDict(state: StateDict): void {
    checkCount('Module.loadStateDict', arguments.length, 1);
    if (typeof state !== 'object' || state === null) {
      throw wrongKind(
        'loadStateDict',
        'the state',
        'an object of named Tensors, as stateDict gives it',
        state,
      );
    }
    const parameters = this.#state();
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

  /** The model as a tree: a line for each part, with the shapes of its tensors and its number of parameters. */
  toString(): string {
    return printOutline(this.#outline('', new Map()).outline);
  }
  [inspect](): string {
    return this.toString();
  }

  /** What `toString` prints, and the parameters found. */
  #outline(path: string, seen: Map<Module, string>): { outline: Outline; found: Set<Parameter> } {
    const kind = this.constructor.name;
    const before = seen.get(this);
    const found = new Set<Parameter>();
    const empty = { kind, tensors: [], settings: [], parts: [], parameters: 0 };
    if (before !== undefined) return { outline: { ...empty, sameAs: `(${before})` }, found };
    seen.set(this, path);
    const tensors: Outline['tensors'][number][] = [];
    const parts: (readonly [string, Outline])[] = [];
    for (const [name, part] of this.children()) {
      if (part instanceof Module) {
        const inner = part.#outline(joined(path, name), seen);
        parts.push([name, inner.outline]);
        for (const parameter of inner.found) found.add(parameter);
      } else {
        tensors.push({ name, shape: part.shape, isBuffer: part instanceof ModuleBuffer });
        if (part instanceof Parameter) found.add(part);
      }
    }
    const parameters = [...found].reduce((sum, { value }) => sum + value.size, 0);
    return { outline: { kind, tensors, settings: settingsOf(this), parts, parameters, sameAs: null }, found };
  }

  /**
   * The further paths of every parameter and buffer that several paths reach, each with the first of them.
   * @internal
   */
  tiedPaths(): ReadonlyMap<string, string> {
    const firsts = new Map<ModulePart, string>();
    const tied = new Map<string, string>();
    const walk = (module: Module, prefix: string, above: readonly Module[]): void => {
      for (const [name, part] of module.children()) {
        const path = joined(prefix, name);
        if (part instanceof Module) {
          if (!above.includes(part)) walk(part, path, [...above, part]);
          continue;
        }
        const first = firsts.get(part);
        if (first === undefined) firsts.set(part, path);
        else tied.set(path, first);
      }
    };
    walk(this, '', [this]);
    return tied;
  }

  /** Calls `visit` for this module and every part below it, each module once, so that cycles end. */
  #visit(prefix: string, seen: Set<Module>, visit: (path: string, part: ModulePart) => void): void {
    if (seen.has(this)) return;
    seen.add(this);
    visit(prefix, this);
    for (const [name, part] of this.children()) {
      const path = joined(prefix, name);
      if (part instanceof Module) part.#visit(path, seen, visit);
      else visit(path, part);
    }
  }
}

function joined(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}

/** Fields that are numbers, texts or set flags: what a layer was made with. */
function settingsOf(module: Module): string[] {
  return Object.entries(module).flatMap(([name, value]) => {
    if (value === true) return [name];
    return typeof value === 'number' || typeof value === 'string' ? [`${name} ${value}`] : [];
  });
}

function isPart(value: unknown): value is ModulePart {
  return value instanceof Module || value instanceof Parameter || value instanceof ModuleBuffer;
}

/** Throws if a field holds a part in what is not walked, and the walk found it nowhere else. */
function checkFields(
  module: Module,
  modules: ReadonlySet<unknown>,
  parameters: ReadonlyMap<unknown, string>,
): void {
  for (const [field, value] of Object.entries(module)) {
    for (const item of Array.isArray(value) ? value : [value]) checkNoVariable(module, field, item);
    const [kind, items] = hiddenIn(value);
    if (!items.some((item) => isPart(item) && !modules.has(item) && !parameters.has(item))) continue;
    throw new Error(
      `${module.constructor.name}: Parameters and Modules must be in fields or arrays, got ${kind} in '${field}'; use an array, or override children`,
    );
  }
}

/** Throws if a field holds a `variable()`: it collects a gradient, but no optimizer would ever see it. */
function checkNoVariable(module: Module, field: string, value: unknown): void {
  if (!(value instanceof Variable) || value instanceof Parameter) return;
  if (!value.requiresGrad || value.node !== null) return;
  throw new Error(
    `${module.constructor.name}: what a module trains must be a Parameter, got a variable() in '${field}'; write new Parameter(…), or keep a Tensor there`,
  );
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
function mismatches(parameters: ReadonlyMap<string, Parameter | ModuleBuffer>, state: StateDict): string[] {
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
    .map(([name, got, want]) => `${quote(name)} ${formatShape(got)} for ${formatShape(want)}`);
  return [
    phrase('no', missing),
    phrase('unknown', extra),
    phrase('no Tensor at', foreign),
    phrase('wrong shapes', misshapen),
  ].filter((text) => text !== '');
}

/** A name as messages show it. */
export function quote(name: string): string {
  return quoted(name);
}

const SHOWN = 8;

/** A list as part of a one-line message: the first few, and how many more. */
export function phrase(what: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  const more = items.length > SHOWN ? ` and ${items.length - SHOWN} more` : '';
  return `${what} ${items.slice(0, SHOWN).join(', ')}${more}`;
}
