/**
 * Holding parameters: while a step or a clip runs, and while micro-batches are still missing, nothing else may write their
 * values and gradients.
 */

import type { Parameter, ParameterHolder } from '../autograd/index.js';

/** Gives parameters to one holder. Throws, with nothing changed, if another has one of them. */
export function hold(caller: string, parameters: readonly Parameter[], holder: ParameterHolder): void {
  for (let i = 0; i < parameters.length; i++) {
    if (parameters[i].holder !== null && parameters[i].holder !== holder) parameters[i].checkFree(caller);
  }
  for (let i = 0; i < parameters.length; i++) parameters[i].holder = holder;
}

/** Releases the parameters that this holder has; others keep theirs. */
export function letGo(parameters: readonly Parameter[], holder: ParameterHolder): void {
  for (let i = 0; i < parameters.length; i++) {
    if (parameters[i].holder === holder) parameters[i].holder = null;
  }
}
