/** A tensor as text, for consoles and notebooks: separate because it computes nothing. */

import { formatShape, type Shape } from './shape.js';
import type { DType, FloatArray } from './view.js';

/** Numbers of a vector shown at most; a longer one shows its first ones. */
const SHOWN = 12;
/** Rows or columns of a matrix shown at most: of more, the first EDGE and the last EDGE. */
const SHOWN_ALONG = 8;
const EDGE = 3;

/** What is shown of a Tensor. This file knows no class, so that the class can import it. */
interface Shown {
  readonly shape: Shape;
  readonly rank: number;
  readonly size: number;
  readonly dtype: DType;
  readonly backend: { readonly name: string };
  data(): FloatArray;
}

/**
 * `Tensor [3] float32 on simd: 1, 2, 3`; from two axes on, the numbers stand in rows below the head. `what` says whose
 * values these are.
 */
export function describeTensor(tensor: Shown, what = 'Tensor'): string {
  const head = `${what} ${formatShape(tensor.shape)} ${tensor.dtype} on ${tensor.backend.name}`;
  const data = tensor.data();
  if (tensor.rank >= 2 && tensor.size > 0) return `${head}\n${rowsOf(data, tensor.shape)}`;
  const numbers = Array.from(data.subarray(0, SHOWN), short);
  const rest = tensor.size > SHOWN ? ', …' : '';
  return `${head}: ${numbers.join(', ')}${rest}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(5)));
}

/** Nested rows in brackets, as NumPy prints them, numbers aligned by their right ends. */
function rowsOf(data: ArrayLike<number>, shape: Shape): string {
  const places = shape.map(shownAlong);
  const texts = new Map<number, string>();
  const collect = (axis: number, at: number): void => {
    if (axis === shape.length) texts.set(at, short(data[at]));
    else for (const i of places[axis]) if (i !== null) collect(axis + 1, at * shape[axis] + i);
  };
  collect(0, 0);
  const width = Math.max(...[...texts.values()].map((text) => text.length));
  const print = (axis: number, at: number): string => {
    if (axis === shape.length) return texts.get(at)!.padStart(width);
    const parts = places[axis].map((i) => (i === null ? '…' : print(axis + 1, at * shape[axis] + i)));
    const isRow = axis === shape.length - 1;
    // Matrices of a stack are set apart by a line.
    const between = isRow ? ', ' : `,${'\n'.repeat(shape.length - 1 - axis)}${' '.repeat(axis + 1)}`;
    return `[${parts.join(between)}]`;
  };
  return print(0, 0);
}

/** The positions shown along an axis; null stands for those left out. */
function shownAlong(length: number): readonly (number | null)[] {
  const all = Array.from({ length: Math.min(length, SHOWN_ALONG) }, (_, i) => i);
  if (length <= SHOWN_ALONG) return all;
  const [first, last] = [all.slice(0, EDGE), all.slice(0, EDGE).map((i) => length - EDGE + i)];
  return [...first, null, ...last];
}

/** The method that Node's console calls to show an object; other consoles ignore it. */
export const inspect: unique symbol = Symbol.for('nodejs.util.inspect.custom');
