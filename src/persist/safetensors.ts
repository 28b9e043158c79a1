/**
 * The safetensors format (https://github.com/huggingface/safetensors): named tensors as bytes, which PyTorch and others
 * read and write. Eight bytes of header length, a JSON header, the numbers. Pure functions, for browsers too.
 */

import { wrongKind } from '../tensor/arguments.js';
import { formatShape, longLived, type Shape, sizeOf, Tensor, tensor } from '../tensor/index.js';
import { quoted } from '../tensor/quoted.js';
import { type Format, formatOf, formats, type RawArray } from './dtypes.js';
import { headerEntries, isObject } from './header.js';

/** Numbers that are not float (integers, booleans and the like), as the file has them. Nothing computes with them. */
export interface RawTensor {
  /** As the format names it: `I64`, `I32`, `U8`, `BOOL`, … */
  readonly dtype: string;
  readonly shape: Shape;
  /** In row-major order: an Int32Array for I32, a BigInt64Array for I64, bytes of 0 and 1 for BOOL. */
  readonly data: RawArray;
}

/** What a safetensors file holds. */
export interface Safetensors {
  /** The float tensors, F64, F32, F16 and BF16. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** The others, as raw numbers: a BatchNorm's I64 counter, say. */
  readonly raw: Readonly<Record<string, RawTensor>>;
  /** Any texts by name; the file's `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What a file says of one tensor. */
interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** First byte and the one past the last, from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

const LENGTH_BYTES = 8;
const ALIGNMENT = 8;
/** The reference implementation refuses longer headers too. */
const LONGEST_HEADER = 100_000_000;
/** NumPy's and PyTorch's limit. Every rank costs the compilation of a constructor in `ndarray`. */
const MOST_AXES = 64;
const LONGEST_NAME = 1000;
const METADATA = '__metadata__';

/**
 * Tensors and texts as the bytes of a safetensors file: in row-major order, laid out as the reference implementation lays
 * them out (by dtype, wide before narrow, then by name), so that equal contents give equal bytes. Throws an Error that
 * names what the format has no place for or `decodeSafetensors` would refuse.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, Tensor | RawTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const caller = 'encodeSafetensors';
  if (!isObject(tensors)) throw wrongKind(caller, 'tensors', 'an object of Tensors by name', tensors);
  if (!isObject(metadata)) throw wrongKind(caller, 'metadata', 'an object of texts by name', metadata);
  checkTexts(metadata);
  const parts = Object.entries(tensors).map(([name, value]) => partOf(name, value));
  parts.sort((a, b) => b.rank - a.rank || (a.name < b.name ? -1 : 1));
  const entries: string[] = [];
  if (Object.keys(metadata).length > 0) entries.push(`"${METADATA}":${JSON.stringify(metadata)}`);
  let size = 0;
  for (const { name, dtype, shape, bytes } of parts) {
    const data_offsets = [size, size + bytes];
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets })}`);
    size += bytes;
  }
  const header = `{${entries.join(',')}}`;
  checkHeaderLength(header.length);
  const text = new TextEncoder().encode(header);
  const headerLength = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  checkHeaderLength(headerLength);
  const start = LENGTH_BYTES + headerLength;
  const bytes = reserve(start + size);
  bytes.fill(0x20, 0, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.set(text, LENGTH_BYTES);
  let offset = start;
  for (const { name, bytes: length } of parts) {
    bytes.set(bytesOf(tensors[name]), offset);
    offset += length;
  }
  return bytes;
}

function checkHeaderLength(length: number): void {
  if (length <= LONGEST_HEADER) return;
  throw new Error(
    `encodeSafetensors: names and metadata must fit into ${LONGEST_HEADER} bytes, got ${length}; put large values into tensors or into a separate file`,
  );
}

function reserve(size: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size);
  } catch {
    throw new Error(`encodeSafetensors: ${size} bytes do not fit into memory; write several files`);
  }
}

/** The elements of a tensor in row-major order as little-endian bytes: of its own memory's copy. */
export function bytesOf(tensor: Tensor | RawTensor): Uint8Array {
  const data = tensor instanceof Tensor ? tensor.data() : tensor.data;
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** A tensor as it will be written: `rank` is the place of its dtype in the order of the file. */
interface Part extends Format {
  readonly name: string;
  readonly dtype: string;
  readonly shape: Shape;
  readonly bytes: number;
}

function partOf(name: string, value: Tensor | RawTensor): Part {
  const caller = 'encodeSafetensors';
  if (name === METADATA) throw new Error(`${caller}: no tensor may be called '${METADATA}'; rename it`);
  if (name.length > LONGEST_NAME) {
    throw new Error(
      `${caller}: names must have at most ${LONGEST_NAME} characters, got ${name.length} in ${quoted(name)}; shorten it`,
    );
  }
  if (!(value instanceof Tensor)) return rawPart(name, value);
  const dtype = value.dtype === 'float64' ? 'F64' : 'F32';
  checkAxes(caller, name, value.shape);
  return { name, dtype, shape: value.shape, bytes: value.size * formats[dtype].width, ...formats[dtype] };
}

function rawPart(name: string, value: unknown): Part {
  const caller = 'encodeSafetensors';
  if (!isObject(value) || !('dtype' in value && 'shape' in value && 'data' in value)) {
    throw wrongKind(caller, quoted(name), 'a Tensor or a RawTensor', value);
  }
  const { dtype, shape, data } = value;
  const format = formatOf(dtype);
  if (!format || typeof dtype !== 'string') {
    throw new Error(
      `${caller}: the dtype of ${quoted(name)} must be one of ${Object.keys(formats).join(', ')}, got ${quoted(dtype)}`,
    );
  }
  if (!isShape(shape)) throw wrongKind(caller, `the shape of ${quoted(name)}`, 'an array of counts', shape);
  checkAxes(caller, name, shape);
  if (!(data instanceof format.array) || data.length !== sizeOf(shape) * format.perElement) {
    const length = ArrayBuffer.isView(data) ? ` of ${(data as RawArray).length}` : '';
    throw new Error(
      `${caller}: ${quoted(name)}, ${dtype} ${formatShape(shape)}, must hold ${format.array.name} of ${sizeOf(shape) * format.perElement}, got ${data === null ? 'null' : (data?.constructor?.name ?? typeof data)}${length}`,
    );
  }
  return { name, dtype, shape, bytes: data.byteLength, ...format };
}

/** Throws for what `__metadata__` cannot hold. */
function checkTexts(metadata: Readonly<Record<string, unknown>>): void {
  for (const [name, text] of Object.entries(metadata)) {
    if (typeof text === 'string') continue;
    throw new Error(
      `encodeSafetensors: metadata must be texts, got ${typeof text} for ${quoted(name)}; use JSON.stringify`,
    );
  }
}

function checkAxes(caller: string, name: string, shape: readonly unknown[]): void {
  if (shape.length <= MOST_AXES) return;
  throw new Error(`${caller}: ${quoted(name)} must have at most ${MOST_AXES} axes, got ${shape.length}`);
}

/**
 * Reads a safetensors file. F64 becomes float64, F32, F16 and BF16 become float32 (exactly), each on the default backend
 * of its dtype; tensors of integers and booleans are kept as raw numbers. Throws an Error that says in one line what is
 * wrong with bytes that are cut off, damaged or of another format.
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  if (!(bytes instanceof Uint8Array)) {
    const remedy =
      typeof bytes === 'string'
        ? '; readSafetensors(path) reads a file'
        : (bytes as unknown) instanceof ArrayBuffer
          ? '; write new Uint8Array(buffer)'
          : '';
    const { message } = wrongKind('decodeSafetensors', 'bytes', 'a Uint8Array', bytes);
    throw new Error(message + remedy);
  }
  const { header, start } = readHeader(bytes);
  let metadata: Readonly<Record<string, string>> = {};
  const entries: Entry[] = [];
  for (const [name, value] of headerEntries(header, problem)) {
    if (name === METADATA) metadata = checkedMetadata(value);
    else entries.push(checkedEntry(name, value));
  }
  checkOffsets(entries, bytes.length - start);
  const tensors: [name: string, tensor: Tensor][] = [];
  const raw: [name: string, tensor: RawTensor][] = [];
  longLived(() => {
    for (const { name, dtype, shape, begin, end } of entries) {
      // A copy: arrays of wider numbers start at a multiple of their width. `slice` of Node's Buffer copies nothing.
      const { buffer } = new Uint8Array(bytes.subarray(start + begin, start + end));
      const { float, array } = formats[dtype];
      if (!float) raw.push([name, { dtype, shape, data: new array(buffer) }]);
      else {
        const data = float(buffer);
        tensors.push([
          name,
          tensor(data, { shape, dtype: data instanceof Float64Array ? 'float64' : 'float32' }),
        ]);
      }
    }
  });
  return { tensors: Object.fromEntries(tensors), raw: Object.fromEntries(raw), metadata };
}

/** The header's text, and where the numbers start. */
function readHeader(bytes: Uint8Array): { header: string; start: number } {
  if (bytes.length < LENGTH_BYTES)
    throw problem(`it has ${bytes.length} bytes, fewer than the ${LENGTH_BYTES} of the header's length`);
  if (bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4) {
    throw problem(
      "it is a zip archive, as torch.save writes; in Python: safetensors.torch.save_file(model.state_dict(), 'model.safetensors')",
    );
  }
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > LONGEST_HEADER)
    throw problem(`its header would have ${length} bytes, more than ${LONGEST_HEADER}`);
  const start = LENGTH_BYTES + length;
  if (start > bytes.length)
    throw problem(`it is cut off: its header ends at byte ${start}, the file at ${bytes.length}`);
  try {
    return {
      header: new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, start)),
      start,
    };
  } catch {
    throw problem('its header is not UTF-8');
  }
}

function checkedMetadata(value: unknown): Readonly<Record<string, string>> {
  if (isObject(value) && Object.values(value).every((text) => typeof text === 'string')) {
    return value as Readonly<Record<string, string>>;
  }
  throw problem(`${METADATA} must hold texts by name`);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(isCount);
}

/** What the header says of one tensor. Throws unless it is consistent in itself. */
function checkedEntry(name: string, entry: unknown): Entry {
  const { dtype, shape, data_offsets: offsets } = isObject(entry) ? entry : {};
  if (typeof dtype !== 'string' || !isShape(shape) || !isShape(offsets) || offsets.length !== 2) {
    throw problem(
      `${quoted(name)} must have dtype, shape and data_offsets, got ${quoted(JSON.stringify(entry), '')}`,
    );
  }
  if (name.length > LONGEST_NAME) {
    throw problem(
      `names must have at most ${LONGEST_NAME} characters, got ${name.length} in ${quoted(name)}`,
    );
  }
  if (shape.length > MOST_AXES)
    throw problem(`${quoted(name)} must have at most ${MOST_AXES} axes, got ${shape.length}`);
  const format = formatOf(dtype);
  if (!format) {
    throw new Error(
      `decodeSafetensors: ${quoted(name)} is ${quoted(dtype, '')}; ${Object.keys(formats).join(', ')} can be read: convert it, or leave it out of the file`,
    );
  }
  const [begin, end] = offsets;
  const size = sizeOf(shape) * format.width;
  if (end - begin !== size) {
    throw problem(
      `${quoted(name)}, ${dtype} ${formatShape(shape)}, takes ${size} bytes, its offsets ${begin} … ${end} have ${end - begin}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

/** Throws unless the tensors fill the bytes after the header, without overlap and without holes. */
function checkOffsets(entries: readonly Entry[], size: number): void {
  let at = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at)
      throw problem(
        `${quoted(name)} starts at byte ${begin}, ${begin < at ? 'inside' : 'not at the end of'} what lies before it, which ends at ${at}`,
      );
    at = end;
  }
  if (at > size) throw problem(`it is cut off: its tensors have ${at} bytes, the file ${size}`);
  if (at < size) throw problem(`${size - at} bytes after its last tensor belong to none`);
}

function problem(what: string): Error {
  return new Error(`decodeSafetensors: the bytes must be a safetensors file; ${what}`);
}
