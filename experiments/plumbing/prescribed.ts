/** Optimizers led by gradients given by hand: what several experiments of this part share. */

import {
  type Optimizer,
  type OptimizerOptions,
  Parameter,
  type TensorOptions,
  tensor,
} from '../../src/index.js';

/** A vector. */
export type Vector = readonly number[];

/** Float64, for what is claimed to be exact. */
export const exact = { dtype: 'float64', backend: 'reference' } as const satisfies TensorOptions;

/** The places a vector visits: 0, then what each gradient of a list makes of it. */
export async function visited(
  make: (parameter: Parameter) => Optimizer<OptimizerOptions>,
  gradients: Iterable<Vector>,
): Promise<readonly Vector[]> {
  const places: Vector[] = [];
  let walker: { readonly parameter: Parameter; readonly optimizer: Optimizer<OptimizerOptions> } | undefined;
  for (const gradient of gradients) {
    if (!walker) {
      const parameter = new Parameter(
        tensor(
          gradient.map(() => 0),
          exact,
        ),
      );
      walker = { parameter, optimizer: make(parameter) };
      places.push([...parameter.value.data()]);
    }
    walker.parameter.grad = tensor([...gradient], exact);
    await walker.optimizer.step();
    places.push([...walker.parameter.value.data()]);
  }
  return places;
}

/** The length of each step between places. */
export function stepLengths(places: readonly Vector[]): readonly number[] {
  return places.slice(1).map((place, i) => distance(place, places[i]));
}

/** The distance between two vectors. */
export function distance(a: Vector, b: Vector): number {
  return Math.hypot(...a.map((x, i) => x - b[i]));
}
