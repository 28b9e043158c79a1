/**
 * Holding parameters: while a step or a clip runs, and while micro-batches are still to come, nobody else may write the
 * values and gradients that it works on.
 */

import type { Parameter, ParameterHolder } from '../autograd/index.js';

/** Gives parameters to one holder. Throws, with nothing changed, if another has one of them. */
export function hold(caller: string, parameters: readonly Parameter[], holder: ParameterHolder): void {
  for (let i = 0; i < parameters.length; i++) {
    if (parameters[i].holder !== null && parameters[i].holder !== holder) parameters[i].checkFree(caller);
  }
  for (let i = 0; i < parameters.length; i++) parameters[i].holder = holder;
}

/** Takes parameters back from a holder; those that another holds stay with it. */
export function letGo(parameters: readonly Parameter[], holder: ParameterHolder): void {
  for (let i = 0; i < parameters.length; i++) {
    if (parameters[i].holder === holder) parameters[i].holder = null;
  }
}
