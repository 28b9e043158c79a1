/** The list of experiments, in the order of the claims. A new one is one file and its line here. */

import type { Experiment } from './experiment.js';
import { eigenvalueOrNorm } from './growth/eigenvalue-or-norm.js';
import { hundredSteps } from './growth/hundred-steps.js';
import { valueClipDirection } from './mechanism/value-clip-direction.js';

/** Every experiment. */
export const experiments: readonly Experiment[] = [hundredSteps, eigenvalueOrNorm, valueClipDirection];

/** The experiment of that number. Throws an Error where there is none. */
export function experimentOf(number: number): Experiment {
  const found = experiments.find((experiment) => experiment.number === number);
  if (!found) throw new Error(`experiment: there is none with number ${number}`);
  return found;
}
