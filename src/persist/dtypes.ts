/** The number formats of safetensors: how wide each is, and which array holds it. */

import { Float16Array } from '@petamoriken/float16';

/** Arrays of numbers that are not computed with. */
export type RawArray =
  | Float64Array
  | Float32Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** One number format. */
export interface Format {
  /** Bytes of one element. */
  readonly width: number;
  /** Its place in a file: tensors of higher rank come first, as in the reference implementation. */
  readonly rank: number;
  /** What holds the numbers as they are; of two bytes of a float16, a Uint16Array. */
  readonly array: new (
    buffer: ArrayBuffer,
  ) => RawArray;
  /** How many of the array make one element: two of a complex number. */
  readonly perElement: number;
  /** The numbers as float32 or float64, exactly, if that is what they are. */
  readonly float: ((bytes: ArrayBuffer) => Float32Array | Float64Array) | null;
}

type Row = readonly [
  name: string,
  width: number,
  array: Format['array'],
  float?: NonNullable<Format['float']>,
  perElement?: number,
];

/** In the order of the reference implementation, narrow before wide. */
const rows: readonly Row[] = [
  ['BOOL', 1, Uint8Array],
  ['U8', 1, Uint8Array],
  ['I8', 1, Int8Array],
  ['F8_E5M2', 1, Uint8Array],
  ['F8_E4M3', 1, Uint8Array],
  ['F8_E8M0', 1, Uint8Array],
  ['I16', 2, Int16Array],
  ['U16', 2, Uint16Array],
  ['F16', 2, Uint16Array, (bytes) => Float32Array.from(new Float16Array(bytes))],
  ['BF16', 2, Uint16Array, widenBrainFloats],
  ['I32', 4, Int32Array],
  ['U32', 4, Uint32Array],
  ['F32', 4, Float32Array, (bytes) => new Float32Array(bytes)],
  ['C64', 8, Float32Array, undefined, 2],
  ['F64', 8, Float64Array, (bytes) => new Float64Array(bytes)],
  ['I64', 8, BigInt64Array],
  ['U64', 8, BigUint64Array],
];

/** Every format that can be read and written, by its name in a file. */
export const formats: Readonly<Record<string, Format>> = /* @__PURE__ */ formatTable();

/** A call that bundlers may drop: a page that reads no files needs no formats. */
function formatTable(): Readonly<Record<string, Format>> {
  return Object.fromEntries(
    rows.map(([name, width, array, float = null, perElement = 1], rank) => [
      name,
      { width, rank, array, perElement, float },
    ]),
  );
}

/** The format of a name, if there is one. */
export function formatOf(name: unknown): Format | undefined {
  return typeof name === 'string' && Object.hasOwn(formats, name) ? formats[name] : undefined;
}

/** A bfloat16 is the upper half of a float32. */
function widenBrainFloats(bytes: ArrayBuffer): Float32Array {
  return new Float32Array(Uint32Array.from(new Uint16Array(bytes), (bits) => bits << 16).buffer);
}
