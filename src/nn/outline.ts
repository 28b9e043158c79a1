/** A model as text: a tree of its parts with their shapes and numbers of parameters. It computes nothing. */

import { formatShape, type Shape } from '../tensor/index.js';

/** One module of a model, as it is printed. */
export interface Outline {
  /** Name of the class. */
  readonly kind: string;
  /** Its own tensors by field; a buffer says so. */
  readonly tensors: readonly { readonly name: string; readonly shape: Shape; readonly isBuffer: boolean }[];
  /** Settings of its own: `p 0.1`. */
  readonly settings: readonly string[];
  readonly parts: readonly (readonly [name: string, outline: Outline])[];
  /** Elements of all parameters in it and below, tied ones counted once. */
  readonly parameters: number;
  /** Path of the same module, if it was printed before. */
  readonly sameAs: string | null;
}

/**
 * `Sequential(` … `)`, a line for each module, in the form of PyTorch: `(0): Linear(weight [8, 2], bias [8])  # 24
 * parameters`.
 */
export function printOutline(outline: Outline, indent = ''): string {
  const { kind, tensors, settings, parts, sameAs } = outline;
  if (sameAs !== null) return `${kind}(…)  # the same as ${sameAs}`;
  const own = [
    ...tensors.map(
      ({ name, shape, isBuffer }) => `${name} ${formatShape(shape)}${isBuffer ? ' buffer' : ''}`,
    ),
    ...settings,
  ].join(', ');
  const count = countOf(outline);
  if (parts.length === 0) return `${kind}(${own})${count}`;
  const inner = `${indent}  `;
  const lines = parts.map(([name, part]) => `${inner}(${name}): ${printOutline(part, inner)}`);
  return [`${kind}(${own}${count}`, ...lines, `${indent})`].join('\n');
}

function countOf({ parameters }: Outline): string {
  if (parameters === 0) return '';
  return `  # ${parameters.toLocaleString('en-US')} parameter${parameters === 1 ? '' : 's'}`;
}
