/** Sequential: layers one after another. Separate from Module because it is one way of many to compose them. */

import type { Variable } from '../autograd/index.js';
import { checkCount } from '../tensor/arguments.js';
import { checkLayer } from './checks.js';
import { type LayerInput, Module, type ModulePart } from './module.js';

/** A Module whose forward takes one argument; by default, one that maps numbers to numbers. */
export type Layer<In = LayerInput, Out = Variable> = Module & { forward(input: In): Out };

/** A layer of whatever types. */
type AnyLayer = Layer<never, unknown>;

/** What a layer's forward takes. */
export type InputOf<L> = L extends { forward(input: infer In): unknown } ? In : never;

/** What a layer's forward returns. */
export type OutputOf<L> = L extends { forward(input: never): infer Out } ? Out : never;

type LastOf<Layers extends readonly AnyLayer[]> = Layers extends readonly [...unknown[], infer Last]
  ? Last
  : Layers[number];

/** Replaces a layer that cannot take the output of the one before by a type that names what it must take. */
type Chained<Layers extends readonly unknown[]> = Layers extends readonly [infer A, infer B, ...infer Rest]
  ? OutputOf<A> extends InputOf<B>
    ? readonly [A, ...Chained<[B, ...Rest]>]
    : readonly [A, Layer<OutputOf<A>, unknown>, ...Rest]
  : Layers;

/**
 * Layers one after another: forward feeds each with the output of the one before. Parameters are named by position:
 * `0.weight`. The types check that neighbours fit, as far as the list is written out in the call.
 */
export class Sequential<const Layers extends readonly AnyLayer[] = readonly Layer[]> extends Module {
  readonly layers: Layers;

  /** At least one layer; throws an Error for none. */
  constructor(...layers: Layers & Chained<Layers>) {
    super();
    if (layers.length === 0) throw new Error('Sequential: needs at least one layer, got none');
    for (const layer of layers) checkLayer('Sequential', layer);
    this.layers = layers;
  }

  forward(input: InputOf<Layers[0]>): OutputOf<LastOf<Layers>> {
    checkCount('Sequential.forward', arguments.length, 1);
    const layers = this.layers as unknown as readonly { forward(input: unknown): unknown }[];
    return layers.reduce<unknown>((value, layer) => layer.forward(value), input) as OutputOf<LastOf<Layers>>;
  }

  /** By position alone, without the field's name, as PyTorch names them. */
  protected override *children(): Iterable<readonly [name: string, part: ModulePart]> {
    for (const [i, layer] of this.layers.entries()) yield [String(i), layer];
  }
}
