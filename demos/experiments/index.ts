/** The list of experiments, in the order of the claims. A new one is one file and its line here. */

import type { Experiment } from './experiment.js';
import { eigenvalueOrNorm } from './growth/eigenvalue-or-norm.js';
import { hundredSteps } from './growth/hundred-steps.js';
import { directionKept } from './mechanism/direction-kept.js';
import { globalNormExactly } from './mechanism/global-norm-exactly.js';
import { identityBelow } from './mechanism/identity-below.js';
import { infinityNorm } from './mechanism/infinity-norm.js';
import { layersPreserved } from './mechanism/layers-preserved.js';
import { nanGuard } from './mechanism/nan-guard.js';
import { stepBound } from './mechanism/step-bound.js';
import { towardTheSmaller } from './mechanism/toward-the-smaller.js';
import { valueClipDirection } from './mechanism/value-clip-direction.js';
import { valueClipDownhill } from './mechanism/value-clip-downhill.js';
import { valueLimitAboveNorm } from './mechanism/value-limit-above-norm.js';

/** Every experiment. */
export const experiments: readonly Experiment[] = [
  hundredSteps,
  eigenvalueOrNorm,
  identityBelow,
  directionKept,
  globalNormExactly,
  valueClipDirection,
  valueClipDownhill,
  towardTheSmaller,
  layersPreserved,
  valueLimitAboveNorm,
  infinityNorm,
  nanGuard,
  stepBound,
];

/** The experiment of that number. Throws an Error where there is none. */
export function experimentOf(number: number): Experiment {
  const found = experiments.find((experiment) => experiment.number === number);
  if (!found) throw new Error(`experiment: there is none with number ${number}`);
  return found;
}
