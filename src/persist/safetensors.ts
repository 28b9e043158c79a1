/**
 * The safetensors format (https://github.com/huggingface/safetensors): named tensors as bytes, which PyTorch and others
 * read and write. Eight bytes of header length, a JSON header, the numbers. Pure functions, for browsers too.
 */

import { Float16Array } from '@petamoriken/float16';
import { type DType, formatShape, longLived, sizeOf, Tensor, tensor } from '../tensor/index.js';

/** What a safetensors file holds. */
export interface Safetensors {
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Any texts by name; the file's `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** First byte and the one past the last, from the end of the header. */
  readonly data_offsets: readonly [begin: number, end: number];
}

const LENGTH_BYTES = 8;
const ALIGNMENT = 8;
/** The reference implementation refuses longer headers too. */
const LONGEST_HEADER = 100_000_000;
const METADATA = '__metadata__';

const written: Record<DType, string> = { float32: 'F32', float64: 'F64' };

/** How each dtype that can be read becomes an array; bytes start at a multiple of 8. */
const readers: Readonly<
  Record<string, { readonly width: number; read(bytes: ArrayBuffer): Float32Array | Float64Array }>
> = {
  F64: { width: 8, read: (bytes) => new Float64Array(bytes) },
  F32: { width: 4, read: (bytes) => new Float32Array(bytes) },
  F16: { width: 2, read: (bytes) => Float32Array.from(new Float16Array(bytes)) },
  BF16: {
    width: 2,
    read: (bytes) => new Float32Array(Uint32Array.from(new Uint16Array(bytes), (bits) => bits << 16).buffer),
  },
};

/**
 * Tensors and texts as the bytes of a safetensors file: F32 and F64 in row-major order, laid out as the reference
 * implementation lays them out (wider dtypes first, then by name), so that equal contents give equal bytes.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const names = namesToWrite(tensors, metadata);
  const entries: string[] = [];
  if (Object.keys(metadata).length > 0) entries.push(`"${METADATA}":${JSON.stringify(metadata)}`);
  let size = 0;
  for (const name of names) {
    const { dtype, shape } = tensors[name];
    const begin = size;
    size += tensors[name].size * readers[written[dtype]].width;
    const entry: Entry = { dtype: written[dtype], shape, data_offsets: [begin, size] };
    entries.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  }
  const text = new TextEncoder().encode(`{${entries.join(',')}}`);
  const headerLength = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(LENGTH_BYTES + headerLength + size).fill(0x20, 0, LENGTH_BYTES + headerLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.set(text, LENGTH_BYTES);
  let offset = LENGTH_BYTES + headerLength;
  for (const name of names) {
    const part = bytesOf(tensors[name]);
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** The elements of a tensor in row-major order as little-endian bytes: of its own memory's copy. */
export function bytesOf(tensor: Tensor): Uint8Array {
  const data = tensor.data();
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** The names in the order of the file. Throws for what the format cannot hold. */
function namesToWrite(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>>,
): string[] {
  for (const [name, value] of Object.entries(tensors)) {
    if (name === METADATA)
      throw new Error(`encodeSafetensors: no tensor may be called '${METADATA}'; rename it`);
    if (!(value instanceof Tensor))
      throw new Error(`encodeSafetensors: takes Tensors by name, got ${typeof value} for '${name}'`);
  }
  for (const [name, text] of Object.entries(metadata)) {
    if (typeof text !== 'string')
      throw new Error(
        `encodeSafetensors: metadata must be texts, got ${typeof text} for '${name}'; use JSON.stringify`,
      );
  }
  const isWide = (name: string): number => (tensors[name].dtype === 'float64' ? 1 : 0);
  return Object.keys(tensors).sort((a, b) => isWide(b) - isWide(a) || (a < b ? -1 : 1));
}

/**
 * Reads a safetensors file: F64 becomes float64, F32, F16 and BF16 become float32 (exactly), each on the default
 * backend of its dtype. Throws an Error that says what is wrong with bytes that are cut off, damaged or of another
 * format, and names a tensor of another dtype.
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  const { header, start } = readHeader(bytes);
  const { [METADATA]: metadata = {}, ...rest } = header;
  if (!isObject(metadata) || !Object.values(metadata).every((text) => typeof text === 'string'))
    throw problem(`${METADATA} must hold texts by name`);
  const entries = Object.entries(rest).map(([name, entry]) => [name, checkedEntry(name, entry)] as const);
  checkOffsets(entries, bytes.length - start);
  const tensors = longLived(() =>
    Object.fromEntries(
      entries.map(
        ([
          name,
          {
            dtype,
            shape,
            data_offsets: [begin, end],
          },
        ]) => {
          // A copy: arrays of wider numbers start at a multiple of their width. `slice` of Node's Buffer copies nothing.
          const own = new Uint8Array(bytes.subarray(start + begin, start + end));
          const data = readers[dtype].read(own.buffer);
          return [name, tensor(data, { shape, dtype: data instanceof Float64Array ? 'float64' : 'float32' })];
        },
      ),
    ),
  );
  return { tensors, metadata: metadata as Readonly<Record<string, string>> };
}

/** The header's JSON object, and where the numbers start. */
function readHeader(bytes: Uint8Array): { header: Readonly<Record<string, unknown>>; start: number } {
  if (bytes.length < LENGTH_BYTES)
    throw problem(`it has ${bytes.length} bytes, fewer than the ${LENGTH_BYTES} of the header's length`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > LONGEST_HEADER)
    throw problem(`its header would have ${length} bytes, more than ${LONGEST_HEADER}`);
  const start = LENGTH_BYTES + length;
  if (start > bytes.length)
    throw problem(`it is cut off: its header ends at byte ${start}, the file at ${bytes.length}`);
  let header: unknown;
  try {
    header = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, start)),
    );
  } catch (cause) {
    throw problem(`its header is not JSON (${(cause as Error).message})`);
  }
  if (!isObject(header)) throw problem('its header is no JSON object');
  return { header, start };
}

/** What the header says of one tensor. Throws unless it is consistent in itself. */
function checkedEntry(name: string, entry: unknown): Entry {
  const { dtype, shape, data_offsets: offsets } = isObject(entry) ? entry : {};
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (
    typeof dtype !== 'string' ||
    !Array.isArray(shape) ||
    !shape.every(isCount) ||
    !Array.isArray(offsets) ||
    offsets.length !== 2 ||
    !offsets.every(isCount)
  ) {
    throw problem(`'${name}' must have dtype, shape and data_offsets, got ${JSON.stringify(entry)}`);
  }
  if (!Object.hasOwn(readers, dtype)) {
    throw new Error(
      `decodeSafetensors: '${name}' is ${dtype}; ${Object.keys(readers).join(', ')} can be read: convert it, or leave it out of the file`,
    );
  }
  const [begin, end] = offsets;
  const size = sizeOf(shape) * readers[dtype].width;
  if (end - begin !== size) {
    throw problem(
      `'${name}', ${dtype} ${formatShape(shape)}, takes ${size} bytes, its offsets ${begin} … ${end} have ${end - begin}`,
    );
  }
  return { dtype, shape, data_offsets: [begin, end] };
}

/** Throws unless the tensors fill the bytes after the header, without overlap and without holes. */
function checkOffsets(entries: readonly (readonly [name: string, entry: Entry])[], size: number): void {
  let at = 0;
  const inOrder = entries.toSorted(
    ([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1],
  );
  for (const [
    name,
    {
      data_offsets: [begin, end],
    },
  ] of inOrder) {
    if (begin !== at)
      throw problem(
        `'${name}' starts at byte ${begin}, ${begin < at ? 'inside' : 'not at the end of'} what lies before it, which ends at ${at}`,
      );
    at = end;
  }
  if (at > size) throw problem(`it is cut off: its tensors have ${at} bytes, the file ${size}`);
  if (at < size) throw problem(`${size - at} bytes after its last tensor belong to none`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function problem(what: string): Error {
  return new Error(`decodeSafetensors: the bytes must be a safetensors file; ${what}`);
}
