/**
 * Checkpoints: all that a training needs to go on bit for bit, as the bytes of one safetensors file, its tensors by name
 * and the rest as JSON in the metadata. Pure functions, for browsers too; files are in checkpoint-file.ts.
 */

import type { Module } from '../nn/index.js';
import type { Optimizer, OptimizerOptions, OptimizerState, Stateful } from '../optim/index.js';
import { restoreAll } from '../optim/stateful.js';
import { checkObject } from '../tensor/arguments.js';
import type { Tensor } from '../tensor/index.js';
import { listed, quoted } from '../tensor/quoted.js';
import { crc32 } from './crc32.js';
import { isObject } from './header.js';
import { bytesOf, decodeSafetensors, encodeSafetensors, type Safetensors } from './safetensors.js';

/** What a checkpoint saves and puts back. */
export interface CheckpointParts {
  readonly model?: Module;
  /** Its hooks belong to it. */
  readonly optimizer?: Optimizer<OptimizerOptions>;
  /** All else that remembers in plain JSON, by a name for each: the Randoms that draw batches, a monitor. A second optimizer, whose moments are tensors, takes a checkpoint of its own. */
  readonly others?: Readonly<Record<string, Stateful>>;
}

/** What a checkpoint says besides. */
export interface CheckpointNotes {
  /** Training steps taken: where to go on. */
  readonly step: number;
  /** Anything else that is plain JSON: the settings of the model, the best loss so far. */
  readonly data?: unknown;
}

type Tensors = Readonly<Record<string, Tensor>>;

/** The JSON of a checkpoint. */
interface Header extends CheckpointNotes {
  readonly optimizer?: Omit<OptimizerState, 'tensors'>;
  readonly others: Readonly<Record<string, unknown>>;
}

const FORMAT = 'tamegrad checkpoint 2';
/** Whose optimizer does not say what it is of. */
const OLDER = 'tamegrad checkpoint 1';

/** The bytes of a checkpoint. Equal states give equal bytes. Throws an Error that names what JSON cannot hold. */
export function encodeCheckpoint(parts: CheckpointParts, notes: CheckpointNotes): Uint8Array<ArrayBuffer> {
  checkObject('encodeCheckpoint', 'the first argument', parts, 'an object { model, optimizer, others }');
  checkObject('encodeCheckpoint', 'the second argument', notes, 'an object { step, data }');
  const { model, optimizer, others = {} } = parts;
  const { step, data = null } = notes;
  if (!isStep(step)) {
    throw new Error(`encodeCheckpoint: step must be an integer ≥ 0, got ${step}`);
  }
  const { tensors: moments = {}, ...optimizerState } = optimizer?.state() ?? {};
  const states = Object.entries(others).map(([name, other]) => [name, other.state()] as const);
  const header: Header = {
    step,
    data,
    ...(optimizer && { optimizer: optimizerState as Omit<OptimizerState, 'tensors'> }),
    others: Object.fromEntries(states),
  };
  if (isDeeper(header, DEEPEST)) {
    throw new Error(`encodeCheckpoint: states and data must be nested at most ${DEEPEST} levels deep`);
  }
  checkJson('', header);
  const tensors = { ...prefixed('model/', model?.stateDict() ?? {}), ...prefixed('optimizer/', moments) };
  const state = JSON.stringify(header);
  return encodeSafetensors(tensors, { format: FORMAT, state, checksum: checksumOf(tensors, state) });
}

/**
 * Puts back what a checkpoint holds and gives its notes. Parts that are left out stay as they are, but whoever restores
 * more than the model must name all that was saved, or the training would go on differently. Throws an Error that says
 * what is wrong with the bytes or does not fit, with nothing changed.
 */
export function restoreCheckpoint(bytes: Uint8Array, parts: CheckpointParts = {}): Required<CheckpointNotes> {
  const { header, tensors } = readCheckpoint(bytes, parts);
  checkParts(header, tensors, parts);
  const { model, optimizer, others = {} } = parts;
  const pairs: (readonly [Stateful, unknown])[] = [];
  if (model)
    pairs.push([
      { state: () => model.stateDict(), restore: (state) => model.loadStateDict(state as Tensors) },
      unprefixed('model/', tensors),
    ]);
  if (optimizer)
    pairs.push([optimizer as Stateful, { ...header.optimizer, tensors: unprefixed('optimizer/', tensors) }]);
  for (const [name, other] of Object.entries(others)) pairs.push([other, header.others[name]]);
  restoreAll(pairs);
  return { step: header.step, data: header.data };
}

function prefixed(prefix: string, tensors: Tensors): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [prefix + name, tensor]));
}

function unprefixed(prefix: string, tensors: Tensors): Tensors {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

function readCheckpoint(bytes: Uint8Array, parts: CheckpointParts): { header: Header; tensors: Tensors } {
  const { tensors, raw, metadata }: Safetensors = decodeSafetensors(bytes);
  const { format, state, checksum } = metadata;
  if (format === OLDER && parts.optimizer) {
    throw new Error(
      `restoreCheckpoint: the format must be '${FORMAT}', got '${OLDER}', which does not say which optimizer it belongs to; restore { model } alone, and start with a new optimizer`,
    );
  }
  if (format !== FORMAT && format !== OLDER) {
    const got = format === undefined ? 'none' : quoted(format);
    throw new Error(
      `restoreCheckpoint: the format must be '${FORMAT}', got ${got}; decodeSafetensors reads any tensors`,
    );
  }
  if (state === undefined || Object.keys(raw).length > 0 || checksum !== checksumOf(tensors, state)) {
    throw new Error(
      'restoreCheckpoint: the bytes are damaged, their checksum is another; use an earlier checkpoint',
    );
  }
  return { header: checkedHeader(state, tensors), tensors };
}

/** What the JSON of a checkpoint says. Throws unless it is that of one: a right checksum does not say who wrote it. */
function checkedHeader(text: string, tensors: Tensors): Header {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw unreadable('it is not JSON');
  }
  if (!isObject(header)) throw unreadable('it is not an object');
  if (isDeeper(header, DEEPEST)) throw unreadable(`it is nested deeper than ${DEEPEST} levels`);
  const { step, data, optimizer, others, ...rest } = header;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw unreadable(`it has ${quoted(unknown)}, which no checkpoint has`);
  if (!isStep(step)) throw unreadable(`its step is ${quoted(JSON.stringify(step), '')}`);
  if (data === undefined) throw unreadable('it has no data');
  if (!isObject(others)) throw unreadable('it has no others');
  if (optimizer !== undefined && !isObject(optimizer)) throw unreadable('its optimizer is not an object');
  const stray = Object.keys(tensors).find(
    (name) => !name.startsWith('model/') && !(optimizer && name.startsWith('optimizer/')),
  );
  if (stray !== undefined) throw unreadable(`the tensor ${quoted(stray)} belongs to no part`);
  return header as unknown as Header;
}

function unreadable(what: string): Error {
  return new Error(
    `restoreCheckpoint: the state must be what encodeCheckpoint writes; ${what}; use another checkpoint`,
  );
}

function isStep(step: unknown): step is number {
  return Number.isSafeInteger(step) && (step as number) >= 0;
}

/** Eight hex digits over the JSON and every tensor's name, dtype, shape and numbers. */
function checksumOf(tensors: Tensors, state: string): string {
  const encoder = new TextEncoder();
  let sum = crc32(encoder.encode(state));
  for (const name of Object.keys(tensors).sort()) {
    const { dtype, shape } = tensors[name];
    sum = crc32(encoder.encode(JSON.stringify([name, dtype, shape])), sum);
    sum = crc32(bytesOf(tensors[name]), sum);
  }
  return sum.toString(16).padStart(8, '0');
}

/** Throws if a part is asked for that was not saved, or, beyond the model alone, one was saved that is not given. */
function checkParts(header: Header, tensors: Tensors, { model, optimizer, others }: CheckpointParts): void {
  const names = (has: unknown, name: string): string[] => (has ? [name] : []);
  const all = (record: object | undefined): string[] => Object.keys(record ?? {}).map((name) => quoted(name));
  const hasModel = Object.keys(tensors).some((name) => name.startsWith('model/'));
  const saved = [...names(hasModel, 'model'), ...names(header.optimizer, 'optimizer'), ...all(header.others)];
  const given = [...names(model, 'model'), ...names(optimizer, 'optimizer'), ...all(others)];
  const missing = given.filter((name) => !saved.includes(name));
  const left = optimizer || others ? saved.filter((name) => !given.includes(name)) : [];
  if (missing.length === 0 && left.length === 0) return;
  throw new Error(
    `restoreCheckpoint: takes the parts that were saved (${listed(saved)}), got ${listed(given)}; give the same, or { model } alone`,
  );
}

/** How deep JSON may be nested. */
const DEEPEST = 100;

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeper(item, levels - 1));
}

/** Throws if JSON would lose something: a number that is not finite, undefined, a function, a typed array, a Map. */
function checkJson(path: string, value: unknown): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  const isList = Array.isArray(value);
  if (isList || (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)) {
    for (const [key, item] of Object.entries(value)) checkJson(path === '' ? key : `${path}.${key}`, item);
    return;
  }
  const got =
    typeof value === 'object' ? (value.constructor?.name ?? 'an object without a prototype') : String(value);
  throw new Error(
    `encodeCheckpoint: all but tensors must be plain JSON, got ${got} at ${quoted(path, '')}; convert it, or leave it out`,
  );
}
