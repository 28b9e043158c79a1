/**
 * Gradients that are not whole yet: micro-batches are missing, a loss scale is still in them, other replicas have their
 * share. Noted here by who collects them, so that nothing that measures or clips gradients takes them for whole.
 */

import type { Parameter } from '../autograd/index.js';

/** Who collects, why the gradient is not whole, and which version of it that was said of. */
interface Note {
  readonly collector: object;
  readonly version: number;
  readonly why: string;
}

let notes: WeakMap<Parameter, Note> | null = null;

/** Says of every gradient there is now that `collector` has not finished it, and why: `it waits for 2 of 4 micro-batches`. */
export function markUnfinished(parameters: readonly Parameter[], collector: object, why: string): void {
  notes ??= new WeakMap();
  for (const parameter of parameters) {
    if (parameter.grad) notes.set(parameter, { collector, version: parameter.grad.version, why });
    else notes.delete(parameter);
  }
}

/** Takes back what was said of these. */
export function markFinished(parameters: readonly Parameter[]): void {
  for (const parameter of parameters) notes?.delete(parameter);
}

/** Those whose gradient came, changed or went since `collector` marked them. */
export function changedSince(parameters: readonly Parameter[], collector: object): readonly Parameter[] {
  return parameters.filter((parameter) => {
    const note = notes?.get(parameter);
    const version = note?.collector === collector ? note.version : null;
    return version !== (parameter.grad?.version ?? null);
  });
}

/** Throws where one of these gradients is not whole. One given anew since it was marked is another, and is whole. */
export function checkFinished(gradients: {
  readonly parameters: readonly Parameter[];
  readonly names: readonly string[];
}): void {
  if (!notes) return;
  for (const [i, parameter] of gradients.parameters.entries()) {
    const note = notes.get(parameter);
    if (!note || note.version !== parameter.grad?.version) continue;
    throw new Error(
      `Gradients: the gradient of ${gradients.names[i]} is not whole: ${note.why}; measure and clip in the optimizer's hooks`,
    );
  }
}
